# The sentences of errors, one for each reason of proto/opora/v1/errors.proto. ASCII only: they stand in grpc-message.
invalid-field = { $count ->
    [one] The field { $field } is wrong: { $detail }
   *[other] { $count } fields are wrong; the first is { $field }: { $detail }
}
invalid-filter = The filter can't be understood at character { $position }: { $detail }
invalid-page-token = The page token belongs to another query, or to none
ticket-not-found = There is no { $name }
resource-not-found = There is no { $name }
upload-not-found = There is no upload of that id, or it was given up
request-id-reused = The request id was used for something else
external-id-taken = { $name } has this external id already
id-taken = { $name } is there already
etag-mismatch = Somebody changed it since; read it again
unseen-message = A newer public message by { $author } stands on the ticket
transition-not-allowed = A ticket that is { $state } can't go there; allowed: { $allowed }
ticket-state = A ticket that is { $state } can't be changed so
same-priority = The priority is { $priority } already
no-such-rung = There is no rung { $rung } to go to; the highest is { $highest }
cycle = A ticket can't be tied to or merged into itself, its own part or child
link-state = The tie is not there, or is there already
cannot-undo = There is nothing to undo, or somebody changed it since
import-not-allowed = The configuration does not allow historical times
import-time-order = An event can't be earlier than { $earliest }
revision-compacted = The revision is no longer kept; the oldest is { $oldest }
revision-in-future = The revision is not there yet; the newest is { $newest }
store-replaced = The store was replaced; it is { $store_uid } now
watch-too-slow = The stream was not read
disk-full = The disk is nearly full; reading goes on
limit-request-time = The request did not arrive within { $max } s; send it again
limit-answer-patience = The answer was not read for { $max } s and is gone; ask again
limit-connections = There are too many connections ({ $limit }): at most { $max }; try again later
limit-reached = Too much of { $limit }: at most { $max }
overloaded = Too many requests are waiting; try again
not-serving = The server is starting or stopping; try again
store-failed = The store failed and stopped; an operator has to look
data-corrupt = What is stored does not match its checksum
deadline-exceeded = The deadline passed before the answer
internal = A bug; the server's log says more
upload-offset = The chunk does not begin at { $committed_size }
upload-content = The content does not match the size or hash of the header
not-permitted = The caller may not do this
no-change = Nothing would change
ticket-merged = { $name } is part of { $merged_into }; change that one, or unmerge it first
archived = { $name } is archived and can't be given work
read-only = The data directory is damaged and is only read; nothing can be changed until an operator has mended it
session-not-found = That session is not there: watch presence first
