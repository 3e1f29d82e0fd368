// Certificates made at run time, so that none in the project can expire, and each only once: key generation is what tests would wait for.
import { type CertificateRequest, makeCertificate, type MadeCertificate } from '../../src/certificate/self-signed.ts'

/** `kind` is P-256 unless it is said. */
export type CertificateOptions = Omit<CertificateRequest, 'kind'> & Partial<Pick<CertificateRequest, 'kind'>>
/** PEM. `names` as given. */
export type TestCertificate = MadeCertificate & Pick<CertificateRequest, 'names'>

const made = new Map<string, Promise<TestCertificate>>()

/** The same options give the same certificate within one process. */
export function certificate(options: CertificateOptions): Promise<TestCertificate> {
  const id = JSON.stringify(options)
  const certificate = made.get(id) ?? create(options)
  made.set(id, certificate)
  return certificate
}

async function create({ kind = 'p256', ...request }: CertificateOptions): Promise<TestCertificate> {
  return { ...await makeCertificate({ ...request, kind }), names: request.names }
}
