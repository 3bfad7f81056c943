"""`scripts/run crawl`: a crawl from the terminal, as a client of the HTTP API and of nothing else.

    command      the command line: options, usage mistakes, the exit status
    session      one run: a server, a job, its events, its result, its summary
    request      options as the API's members
    api          calls over HTTP, and what can be wrong with them
    sse          bytes of an event stream in, messages out
    following    the stream read along in a thread, resumed after cuts, each event once
    progress     events in, counts and pages a second out
    display      the bar on a terminal, lines elsewhere
    destination  where the result goes: checked before, written aside, then renamed
    unpacking    a ZIP of Markdown as a folder, whatever its names say
    summary      what came of the crawl, in words and as exit status
    interrupts   Ctrl-C and SIGTERM: the first asks, the second leaves
    text         foreign text made safe to show
"""
