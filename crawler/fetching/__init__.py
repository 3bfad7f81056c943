"""Asking sites: every request that Clew makes to an address a stranger chose goes through here.

guard        which addresses may be dialled: resolve once, judge every address
memory       values that expire, each computed by one greenlet while the others wait
lookup       names looked up in threads of their own
connection   requests' transport adapter whose connections dial exactly a judged address
answer       parsing answers, within bounds
reading      headers, body and redirect of one answer
decoding     Content-Encoding, bounded: a bomb is cut while it unpacks
failures     what went wrong on the wire, as one of the named reasons
outcomes     what a fetch is given (limits, turns at hosts) and gives back
fetcher      one fetch: turns, redirects, size and time limits, the outcome
shelf        answers for robots.txt that workers share
robots       may this URL be fetched: robots.txt per origin, remembered and shared
"""
