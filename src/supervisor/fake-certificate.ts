// The certificate for names that have none of their own, made in a thread that ends with it (src/certificate says why).
import { Worker } from 'node:worker_threads'
import type { Certificate } from '../model.ts'

export const fakeCertificate = (script: URL): Promise<Certificate> => new Promise((resolve, reject) => {
  const worker = new Worker(script)
  worker.once('message', (certificate: Certificate) => {
    resolve(certificate)
    void worker.terminate()
  })
  worker.once('error', reject)
  worker.once('exit', () => reject(new Error('the thread that makes the default certificate ended without one')))
})
