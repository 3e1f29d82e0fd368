-- 20 request fields, about 1 KB, 64 different requests in rotation: cookies, paths and traces differ as those of people do.
-- Host is the one from the command line.
local requests = {}
local at = 0

init = function()
  for n = 1, 64 do
    local id = string.format("%08x%08x", n * 2654435 % 4294967296, n * 40503 % 4294967296)
    local fields = {
      ["Host"] = wrk.headers["Host"],
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
      ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
      ["Accept-Language"] = "de-DE,de;q=0.9,en;q=0.7",
      ["Accept-Encoding"] = "gzip, deflate, br, zstd",
      ["Cache-Control"] = "max-age=0",
      ["Pragma"] = "no-cache",
      ["Cookie"] = "session=" .. id .. id .. id .. id .. "; theme=dark; consent=analytics%3D0%26ads%3D0; visit=" .. n,
      ["DNT"] = "1",
      ["If-None-Match"] = '"' .. id .. '"',
      ["Origin"] = "https://bench.example.com",
      ["Referer"] = "https://bench.example.com/catalogue/" .. n .. "?page=" .. n,
      ["Sec-CH-UA"] = '"Chromium";v="131", "Not_A Brand";v="24"',
      ["Sec-CH-UA-Mobile"] = "?0",
      ["Sec-CH-UA-Platform"] = '"Linux"',
      ["Sec-Fetch-Dest"] = "document",
      ["Sec-Fetch-Mode"] = "navigate",
      ["Sec-Fetch-Site"] = "same-origin",
      ["Traceparent"] = "00-" .. id .. id .. "-" .. id .. "-01",
      ["Authorization"] = "Bearer " .. id .. "." .. id .. id .. "." .. id,
    }
    requests[n] = wrk.format("GET", "/catalogue/" .. n .. "/items?sort=price&page=" .. n, fields)
  end
end

request = function()
  at = at % 64 + 1
  return requests[at]
end
