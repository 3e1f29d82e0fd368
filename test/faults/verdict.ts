// What must hold for every conversation, however it was broken: it comes to an end, and what anyone takes for whole is true.
import { type Answers, http1Answers, http1Requests, http2Answers, http2Requests, type Requests } from './answers.ts'
import type { Case } from './cases.ts'
import type { Conversation } from './conversations.ts'
import type { Spoken } from './lanes.ts'
import type { Suite } from './suites.ts'

/** More than ten times the program's timeouts in the scene, for a busy machine. */
export const DEADLINE_MS = 4_000

const readersOf = ({ client, upstream }: Suite): { answers: Answers; requests: Requests } => ({
  answers: client === 'h1' ? http1Answers : http2Answers,
  requests: upstream === 'HTTP' || upstream === 'HTTPS' ? http1Requests : http2Requests,
})

/** Resolves when the client has all it will get: every answer, or the end of its connection. False: neither in time. */
export const over = (suite: Suite, conversation: Conversation, { client }: Spoken): Promise<boolean> => {
  const { answers } = readersOf(suite)
  const all = () => answers(client).filter(({ whole, cut }) => whole || cut).length >= conversation.answers.length
  return client.when(() => client.ended !== 'no' || all(), DEADLINE_MS)
}

/** Statuses of the answers that the client has. */
export const statusesOf = (suite: Suite, { client }: Spoken): number[] => readersOf(suite).answers(client).filter(({ status }) => status > 0).map(({ status }) => status)

/** What is wrong; undefined: nothing. `fault` null: nothing was broken, and nothing may be missing. */
export const wrong = (suite: Suite, { conversation, fault }: { conversation: Conversation; fault: Case['fault'] | null }, spoken: Spoken): string | undefined => {
  const { answers, requests } = readersOf(suite)
  const given = answers(spoken.client)
  const taken = spoken.origins.flatMap(({ bytes }) => requests(bytes)).filter(({ path }) => path === spoken.path)
  if (fault === null) {
    const whole = given.filter(({ status, body, whole: complete }, n) => complete && (status === 200 || status === 101) && body === conversation.answers[n])
    return whole.length === conversation.answers.length ? undefined : `not answered as it should be: ${JSON.stringify(given)}, the origin has ${JSON.stringify(taken)}`
  }
  // Garbage within a body is a body.
  if (fault.kind === 'garbage') return undefined
  const lie = given.find(({ status, body, whole }) => whole && status < 300 && !isOf(conversation, body))
  if (lie !== undefined) return `an answer that is not whole was passed on as one: ${JSON.stringify(lie)}`
  const cut = taken.find(({ body }) => !conversation.requests.includes(body))
  return cut === undefined ? undefined : `a request that is not whole was passed on as one: ${JSON.stringify(cut)}`
}

const isOf = ({ answers, untilClose }: Conversation, body: string) => answers.some((answer) => untilClose === true ? answer.startsWith(body) : answer === body)
