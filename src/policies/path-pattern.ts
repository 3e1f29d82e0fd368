// Patterns of routes: matched from the start, without regard to case, open at the end, as nginx's `location ~* "^…"`.

/** Throws SyntaxError where the source is no pattern; the table holds checked ones. */
export const pathPattern = (source: string): RegExp => new RegExp(`^(?:${source})`, 'i')
