// Functions of the C library by bun:ffi, whichever there is. Knows none of them.
import { dlopen, type FFIFunction } from 'bun:ffi'

/** Of glibc and of musl. */
const NAMES = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']

/** null: there is none of them here. */
export const fromCLibrary = <Functions extends Record<string, FFIFunction>>(functions: Functions) => {
  for (const name of NAMES) {
    try {
      return dlopen(name, functions).symbols
    } catch { /* the next one */ }
  }
  return null
}
