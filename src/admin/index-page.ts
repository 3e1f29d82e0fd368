// The start page of the admin port: where to find what.

const links = [
  ['/healthz', 'is the program running'],
  ['/readyz', 'does every worker hold the first full table; if not, what is missing'],
  ['/table', 'hosts, routes, backends, certificates, how endpoints do and connections to them as they are now, as JSON'],
  ['/issues', 'what of the objects was rejected or ignored, and why, as JSON'],
  ['/metrics', 'numbers, in the Prometheus text format'],
] as const

export const indexPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Lintel</title>
<h1>Lintel</h1>
<ul>
${links.map(([path, about]) => `<li><a href="${path}">${path}</a>: ${about}</li>`).join('\n')}
</ul>
</html>
`
