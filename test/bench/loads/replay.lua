-- wrk: to 127.0.0.1 whatever the URL's host is (TLS and Host have that), and the requests of a file in turn where one is named.
wrk.resolve = function(_, port)
  wrk.addrs = wrk.lookup("127.0.0.1", port)
end

init = function(args)
  if args[1] == nil then return end
  local requests = {}
  local file = assert(io.open(args[1], "rb"))
  local length = file:read("*n")
  while length do
    file:read(1)
    requests[#requests + 1] = file:read(length)
    length = file:read("*n")
  end
  file:close()
  local at = 0
  request = function()
    at = at % #requests + 1
    return requests[at]
  end
end
