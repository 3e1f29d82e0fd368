// A pod as the node stand-in reads it, and what runs in it.

type EnvironmentVariable = { readonly name: string; readonly value?: string; readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } } }
type Container = {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env?: readonly EnvironmentVariable[]
  readonly ports?: readonly { readonly containerPort: number }[]
  readonly readinessProbe?: { readonly httpGet?: { readonly path: string; readonly port: number } }
}

export type Pod = {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly deletionTimestamp?: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly nodeName?: string
    readonly hostNetwork?: boolean
    readonly serviceAccountName?: string
    readonly terminationGracePeriodSeconds: number
    readonly containers: readonly Container[]
  }
}

export type Workload = {
  /** As the kubelet ends it; resolves when the process has ended. */
  end(): Promise<void>
  /** At once: the pod is gone. */
  close(): void
}
