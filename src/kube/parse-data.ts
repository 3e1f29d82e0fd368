// Secret and ConfigMap → names and texts. Knows nothing of what the texts mean.
import { z } from 'zod'
import { metaOf, metaSchema, reader, textMap, textMapSchema, type Read } from './schema.ts'

// Line breaks are allowed (people wrap long values); anything else that is not base64 would be dropped silently by Buffer.
const base64 = /^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/
const encodedMap = z.record(z.string(), z.string().regex(base64, 'is not base64: encode it, or move it to stringData').nullable()).nullish()

const secretSchema = z.object({ metadata: metaSchema, type: z.string().nullish(), data: encodedMap, stringData: textMapSchema })
const decode = (value: string): string => Buffer.from(value, 'base64').toString('utf8')

export const readSecret: Read = reader(secretSchema, (raw) => {
  const decoded = Object.entries(textMap(raw.data)).map(([key, value]) => [key, decode(value)])
  const data: Record<string, string> = { ...Object.fromEntries(decoded), ...textMap(raw.stringData) }
  return [{ kind: 'Secret', meta: metaOf(raw.metadata), type: raw.type ?? 'Opaque', data }]
})

const configMapSchema = z.object({ metadata: metaSchema, data: textMapSchema })

export const readConfigMap: Read = reader(configMapSchema, (raw) => [
  { kind: 'ConfigMap', meta: metaOf(raw.metadata), data: textMap(raw.data) },
])
