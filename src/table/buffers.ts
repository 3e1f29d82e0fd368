// Whether bodies are stored on their way, and how much of them. Knows no routes.
import type { Policies } from '../model.ts'
import type { Settings } from '../settings.ts'

/** Annotations go before keys of the ConfigMap of the same name. */
type Requests = Pick<Settings, 'proxy-request-buffering' | 'client-body-buffer-size'>
type Answers = Pick<Settings, 'proxy-buffering' | 'proxy-buffers-number' | 'proxy-buffer-size' | 'proxy-max-temp-file-size'>
type Over<T> = { readonly [K in keyof T]?: T[K] | undefined }

export function requestBufferOf(values: Over<Requests>, settings: Requests): Policies['requestBuffer'] {
  if (!(values['proxy-request-buffering'] ?? settings['proxy-request-buffering'])) return undefined
  return { memoryBytes: values['client-body-buffer-size'] ?? settings['client-body-buffer-size'] }
}

export function answerBufferOf(values: Over<Answers>, settings: Answers): Policies['answerBuffer'] {
  if (!(values['proxy-buffering'] ?? settings['proxy-buffering'])) return undefined
  const buffers = values['proxy-buffers-number'] ?? settings['proxy-buffers-number']
  const size = values['proxy-buffer-size'] ?? settings['proxy-buffer-size']
  return { memoryBytes: buffers * size, fileBytes: values['proxy-max-temp-file-size'] ?? settings['proxy-max-temp-file-size'] }
}
