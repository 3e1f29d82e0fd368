// Patterns of routes: matched from the start, without regard to case, open at the end, as nginx's `location ~* "^…"`. A dot is any
// character: a decoded path may hold line ends, and a capture must not lose what follows them.

/** Throws SyntaxError where the source is no pattern; the table holds checked ones. */
export const pathPattern = (source: string): RegExp => new RegExp(`^(?:${source})`, 'is')
