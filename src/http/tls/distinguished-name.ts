// Names of certificates as nginx writes them. Knows no certificates.

/**
 * RFC 2253 of what X509Certificate.subject says: there one part stands on each line, the first of the certificate first, its characters
 * escaped already. Here all are turned round, and octets beyond ASCII escaped too, as in nginx's $ssl_client_s_dn.
 */
export const distinguishedName = (lines: string): string =>
  lines.split('\n').filter((line) => line !== '').reverse().map((line) => line.split(BESIDE).reverse().join('+')).join(',').replace(BEYOND_ASCII, escaped)

/** Between parts that stand together; a plus in a value is escaped. */
const BESIDE = ' + '
const BEYOND_ASCII = /[^ -~]+/gu
const escaped = (text: string): string => Array.from(Buffer.from(text), (octet) => `\\${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('')
