// How large the head of a request may be, in both protocols. Knows no protocol.

/** Octets of the target, of one field, of all of it; fields: their number. */
export type HeadLimits = { readonly targetBytes: number; readonly fieldBytes: number; readonly headBytes: number; readonly fields: number }
