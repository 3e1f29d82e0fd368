// Listeners of two programs, or of one that has more than it wants, on one port: who gets new connections (bun.md §5.4). Listeners are numbered as
// they came, so a program's own are the first ones, or the last while it succeeds another. If that is wrong once, some clients wait a second.
import { listeners, steer, turnAway } from './reuseport.ts'

/** alone: nobody else listens. shared: others do, too. refused: others do, and the kernel does not let us choose who gets new connections. */
export type Share = 'alone' | 'shared' | 'refused'

/**
 * A program with `own` listeners where `fd` listens. Where it is alone it gets new connections from then on, even if others join. With `takeOver` it gets
 * them instead of those that came before. Otherwise all stays as it is.
 */
export const claim = (fd: number, { own, takeOver }: { readonly own: number; readonly takeOver: boolean }): Share => {
  const all = listeners(fd)
  if (all <= own) {
    steer(fd, { first: 0, count: own })
    return 'alone'
  }
  return !takeOver || steer(fd, { first: all - own, count: own }) ? 'shared' : 'refused'
}

/** `fd` has just begun to listen, for a program that is not ready: who comes to it all the same finds another listener a second later. See letIn. */
export const hold = (fd: number | null) => { if (fd !== null) turnAway(fd) }

/** Of this program's listeners on a port. */
export type Leave = { readonly leaving: number; readonly staying: number }

/** `fd` will close soon, with others of its program: whoever goes on listening gets new connections. Where nobody does, it accepts to its end. */
export const leave = (fd: number, { leaving, staying }: Leave) => {
  const all = listeners(fd)
  if (all <= leaving) return
  const numbers = staying === 0 ? ofSuccessor(all, leaving) : all === leaving + staying ? { first: 0, count: staying } : null
  if (numbers !== null) steer(fd, numbers)
  turnAway(fd)
}

/** Numbers that are its own until the last of ours has gone: with each of them the last one takes a lower number. null: it has too few. */
const ofSuccessor = (all: number, leaving: number) => {
  const count = all - leaving - (leaving - 1)
  return count > 0 ? { first: leaving, count } : null
}
