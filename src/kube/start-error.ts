// The program can't start at all: the message is one line for the person at the prompt, naming the flag and the remedy.

export class StartError extends Error {
  override readonly name = 'StartError'
}
