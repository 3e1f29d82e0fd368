// A thread that makes the default certificate and ends: what the library needs is given back. Wiring only.
import { parentPort } from 'node:worker_threads'
import { FAKE, makeCertificate } from '../src/certificate/self-signed.ts'

const { cert, key } = await makeCertificate(FAKE)
parentPort?.postMessage({ cert, key })
