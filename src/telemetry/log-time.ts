// Times as the access log writes them. A form of the wall clock costs a microsecond, so each second is formatted once.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A form of the local time that is kept for the rest of the second. */
export function perSecond(format: (date: Date) => string): (epochMs: number) => string {
  let second = NaN
  let text = ''
  return (epochMs) => {
    const now = Math.floor(epochMs / 1000)
    if (now !== second) [second, text] = [now, format(new Date(now * 1000))]
    return text
  }
}

/** `25/Nov/2025:02:36:10 +0000`, nginx's $time_local. */
export function commonLogTime(date: Date): string {
  return `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}:${clock(date)} ${offset(date, '')}`
}

/** `2025-11-25T02:36:10+00:00`, nginx's $time_iso8601. */
export function isoTime(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${clock(date)}${offset(date, ':')}`
}

/** `0.042`, nginx's times. Of digits that are there already: toFixed costs ten times as much, and each line has two. */
export function seconds(ms: number): string {
  const whole = Math.round(ms)
  return `${Math.floor(whole / 1000)}.${THOUSANDTHS[whole % 1000]}`
}
const THOUSANDTHS = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'))

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

function offset(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset()
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}${separator}${two(Math.abs(minutes) % 60)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
