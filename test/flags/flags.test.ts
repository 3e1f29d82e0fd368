// The command line: forms, values, defaults, and the rules between flags.
import { describe, expect, test } from 'bun:test'
import { FlagError, flagName, parseFlags } from '../../src/settings.ts'
import { flagInfo, flagSchema } from '../../src/settings/flag-table.ts'

const parse = (...argv: string[]) => parseFlags(argv, {})
const failure = (...argv: string[]): string => {
  try {
    parse(...argv)
  } catch (error) {
    if (error instanceof FlagError) return error.message
    throw error
  }
  throw new Error(`accepted: ${argv.join(' ')}`)
}

describe('forms', () => {
  test.each([
    [['--http-port=8080']], [['--http-port', '8080']], [['-http-port=8080']], [['-http-port', '8080']],
    [['--http-port=1', '--http-port=8080']],
  ])('%p', (argv) => {
    expect(parse(...argv).flags.httpPort).toBe(8080)
  })

  test.each(['', '=true', '=1', '=t', '=T', '=TRUE', '=True'])('a switch written "--disable-catch-all%s" is on', (form) => {
    expect(parse(`--disable-catch-all${form}`).flags.disableCatchAll).toBeTrue()
  })

  test.each(['false', '0', 'f', 'F', 'FALSE', 'False'])('a switch written "--deep-inspect=%s" is off', (form) => {
    expect(parse(`--deep-inspect=${form}`).flags.deepInspect).toBeFalse()
  })

  test('a value may hold "=" and begin with "-"', () => {
    expect(parse('--watch-namespace-selector=a=b').flags.watchNamespaceSelector).toBe('a=b')
    expect(parse('--election-id', '-x').flags.electionId).toBe('-x')
  })
})

describe('values', () => {
  test('every default is accepted by its own flag', () => {
    const { flags, warnings } = parse()
    expect(Object.keys(flags)).toEqual(Object.keys(flagSchema.shape))
    expect(warnings).toEqual([])
    expect(flags).toMatchObject({
      httpPort: 80, httpsPort: 443, healthzPort: 10254, bindAddress: '', workers: 0, ingressClass: 'nginx', manifests: null,
      annotationsPrefix: 'nginx.ingress.kubernetes.io', electionTtl: 30_000, shutdownGracePeriod: 0, enableAnnotationValidation: true,
      timeBuckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    })
  })

  test('durations are Go durations, in ms', () => {
    expect(parse('--election-ttl=1m30.5s').flags.electionTtl).toBe(90_500)
    expect(parse('--sync-period=250ms').flags.syncPeriod).toBe(250)
  })

  test('a name without a namespace is in POD_NAMESPACE, else in default', () => {
    const argv = ['--configmap=settings', '--default-backend-service=other/backend']
    const inEdge = parseFlags(argv, { POD_NAMESPACE: 'edge' }).flags
    expect(inEdge).toMatchObject({ configmap: 'edge/settings', defaultBackendService: 'other/backend' })
    expect(parse(...argv).flags.configmap).toBe('default/settings')
  })

  test.each([
    ['--http-port=80a', '--http-port=80a: expected a whole number'],
    ['--http-port=65536', '--http-port=65536: expected a whole number from 0 to 65535'],
    ['--update-status=yes', '--update-status=yes: expected "true" or "false"'],
    ['--election-ttl=30', '--election-ttl=30: expected a duration such as 30s or 1m30s'],
    ['--time-buckets=1,0.5', '--time-buckets=1,0.5: expected growing numbers'],
    ['--time-buckets=a', '--time-buckets=a: expected numbers separated by commas'],
    ['--configmap=Edge/x', '--configmap=Edge/x: expected namespace/name'],
    ['--health-check-path=ok', '--health-check-path=ok: expected a path that starts with /'],
  ])('%s is refused', (argument, message) => {
    expect(failure(argument)).toBe(message)
  })
})

describe('what is refused names the flag and the remedy', () => {
  test.each([
    [['--htp-port=80'], 'unknown flag --htp-port: did you mean --http-port?'],
    [['--ingres-class', 'x'], 'unknown flag --ingres-class: did you mean --ingress-class?'],
    [['--zzzzzz'], 'unknown flag --zzzzzz: see --help'],
    [['--toString=1'], 'unknown flag --toString: see --help'],
    [['--httpPort=80'], 'unknown flag --httpPort: did you mean --http-port?'],
    [['--http-port'], '--http-port needs a value: write --http-port=VALUE'],
    [['serve'], 'unexpected argument "serve": write flags as --flag=value'],
    [['--deep-inspect', 'false'], 'unexpected argument "false": write flags as --flag=value'],
    [['--'], 'unexpected argument "--": write flags as --flag=value'],
  ])('%p', (argv, message) => {
    expect(failure(...argv)).toBe(message)
  })

  test('exclusive pairs', () => {
    expect(failure('--publish-service=a/b', '--publish-status-address=10.0.0.1'))
      .toStartWith('--publish-service and --publish-status-address exclude')
    expect(failure('--watch-namespace=a', '--watch-namespace-selector=b'))
      .toStartWith('--watch-namespace and --watch-namespace-selector exclude')
    expect(failure('--metrics-per-host=false', '--metrics-per-undefined-host'))
      .toStartWith('--metrics-per-undefined-host needs --metrics-per-host')
  })
})

describe('--watch-ingress-without-class', () => {
  test('is on by itself for a folder, and only there', () => {
    expect(parse().flags.watchIngressWithoutClass).toBeFalse()
    expect(parse('--manifests=x').flags.watchIngressWithoutClass).toBeTrue()
    expect(parse('--manifests=x', '--watch-ingress-without-class=false').flags.watchIngressWithoutClass).toBeFalse()
  })
})

describe('warnings', () => {
  test('one for each given flag that does nothing, with the reason where there is one', () => {
    expect(parse('--max-buckets=50', '--status-port=1', '--http-port=1', '-v=2').warnings).toEqual([
      '--max-buckets is accepted but has no effect yet',
      '--status-port is accepted but has no effect: the threads need no status server',
      '--v is accepted but has no effect: the log has one level',
    ])
  })
})

test('every flag of ingress-nginx is known', () => {
  const names = new Set(Object.keys(flagSchema.shape).map(flagName))
  expect(ingressNginxFlags.filter((name) => !names.has(name))).toEqual([])
})

test('every flag has a description of its own', () => {
  const infos = Object.values(flagSchema.shape).map((schema) => flagInfo.get(schema))
  expect(infos.every((info) => info !== undefined && info.help !== '')).toBeTrue()
  expect(new Set(infos).size).toBe(infos.length)
})

const ingressNginxFlags = `annotations-prefix apiserver-host bucket-factor certificate-authority configmap controller-class deep-inspect
default-backend-service default-server-port default-ssl-certificate disable-catch-all disable-full-test disable-leader-election
disable-svc-external-name disable-sync-events dynamic-configuration-retries election-id election-ttl enable-annotation-validation
enable-metrics enable-ssl-chain-completion enable-ssl-passthrough enable-topology-aware-routing exclude-socket-metrics health-check-path
health-check-timeout healthz-host healthz-port http-port https-port ingress-class ingress-class-by-name internal-logger-address kubeconfig
length-buckets max-buckets maxmind-edition-ids maxmind-license-key maxmind-mirror maxmind-retries-count maxmind-retries-timeout
metrics-per-host metrics-per-undefined-host monitor-max-batch-size post-shutdown-grace-period profiler-address profiler-port profiling
publish-service publish-status-address report-node-internal-ip-address report-status-classes shutdown-grace-period size-buckets
ssl-passthrough-proxy-port status-port status-update-interval stream-port sync-period sync-rate-limit tcp-services-configmap time-buckets
udp-services-configmap update-status update-status-on-shutdown v validating-webhook validating-webhook-certificate validating-webhook-key
version watch-ingress-without-class watch-namespace watch-namespace-selector`.split(/\s+/)
