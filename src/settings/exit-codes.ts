// What the program ends with, for who starts it again: also the table in deploy/README.md, which a test holds against this.

export const exitCodes = {
  /** After SIGTERM or SIGINT, and a drain. */
  stopped: 0,
  /** A second signal, while it drained; or a fault of the program itself. */
  cut: 1,
  /** A person has to mend something first: flags, folders, rights. */
  usage: 2,
  /** Another program has a port that it does not share: a later start may find it free. */
  portHeld: 3,
} as const
