// What `npm run dev` needs of whatever it shows. Types only.
import type { Addresses } from './lintel.ts'

/** flags: what is served. whatToTry: the text to print once it serves. */
export type Demo = { readonly flags: readonly string[]; readonly whatToTry: (addresses: Addresses) => Promise<string>; readonly stop: () => Promise<void> }
