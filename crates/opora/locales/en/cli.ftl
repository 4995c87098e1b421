# What the command line says. The Russian catalogue has the same keys.

priority-critical = CRITICAL
priority-high = HIGH
priority-medium = MEDIUM
priority-low = LOW
impact-service-down = service down
impact-service-intermittent = service disconnects
impact-several-workstations = several workstations
impact-one-workstation = one workstation
category-channel-failure = channel failure
category-audio-quality = audio quality
category-sign-in = sign-in
category-disconnects = disconnects
category-other = other
channel-calls = calls
channel-email = e-mail
channel-chat = chat
platform-v3 = 3.x
platform-v5 = 5.x
ticket-state-new = new
ticket-state-in-progress = in progress
ticket-state-waiting-for-customer = waiting for customer
ticket-state-resolved = resolved
ticket-state-closed = closed
ticket-state-merged = merged
origin-grpc = contract
origin-console = console
origin-email = e-mail
origin-phone = telephone
origin-import = import
visibility-public = public
visibility-internal = internal
log-kind-agentdesktop = agentdesktop
log-kind-softphone-link = softphone-link
log-kind-bpclient = bpclient
log-kind-browser-host = browser host
log-kind-other = other
missing-fact-occur-time = when it appeared
missing-fact-category = the kind of problem
missing-fact-channels = the channels that fail
missing-fact-workstations = the workstations
missing-fact-requested-priority = the priority asked for
missing-fact-platform = the platform
missing-fact-log-agentdesktop = the agentdesktop log
missing-fact-log-softphone-link = the softphone-link log
missing-fact-log-bpclient = the bpclient log
missing-fact-log-browser-host = the browser host's log
clock-kind-first-response = first response
clock-kind-resolution = resolution
clock-state-running = running
clock-state-paused = paused
clock-state-met = met
clock-state-continuous = continuous
clock-state-stopped = stopped
breach-cause-delay = delay
breach-cause-reclassification = reclassification
breach-cause-policy = policy
actor-kind-agent = agent
actor-kind-contact = contact
actor-kind-integration = integration
actor-kind-system = system
actor-kind-importer = importer
link-kind-related = related to
link-kind-child-of-incident = part of incident
link-kind-follows-closed = follows
link-kind-incident-of = incident of
suggestion-kind-several-workstations = several workstations
suggestion-kind-incident = incident
stretch-reason-open = counts
stretch-reason-closed = closed
stretch-reason-holiday = holiday
stretch-reason-paused = waiting for customer
stretch-reason-merged = merged
stretch-reason-resolved = resolved
stretch-reason-set-aside = set aside

unit-days = d
unit-hours = h
unit-minutes = min
unit-seconds = s
time-in = in { $span }
time-ago = { $span } ago
time-over = { $span } over
yes = yes
no = no
nobody = nobody

clock-due = { $relative } ({ $time })
clock-breached = breached { $time } ({ $span } ago, { $cause })
clock-paused = paused, { $span } left
clock-met = met { $time }
clock-met-late = met late { $time }, breached { $breached }
clock-continuous = continuous, { $span }
clock-continuous-due = continuous, { $span }; older target due { $time }
clock-stopped = stopped
due-response = reply { $relative }
due-resolution = fix { $relative }
due-paused = paused, { $span } left

head-number = #
head-priority = Priority
head-state = State
head-subject = Subject
head-organisation = Customer
head-assignee = Owner
head-due = Due
head-id = Id
head-name = Name
head-email = E-mail
head-phone = Telephone
head-zone = Time zone
head-platform = Platform
head-policy = Policy
head-language = Language
head-revision = Revision
head-time = Time
head-actor = Who
head-what = What
head-file = File
head-size = Size
head-kind = Kind
head-nearest = Nearest
head-from = From
head-to = To
head-length = Length
head-reason = Why
head-first-response = First response
head-resolution = Resolution
head-target = Target
head-started = Began
head-tickets = Tickets
head-suggestion = Suggestion
head-category = Category
head-calendar = Calendar

field-state = State
field-priority = Priority
field-impact = Impact
field-requested = Asked for
field-unassessed = not assessed
field-category = Category
field-channels = Channels
field-platform = Platform
field-organisation = Customer
field-reporter = Reporter
field-assignee = Owner
field-occurred = Appeared
field-workstations = Workstations
field-checklist = Tried
field-missing = Missing
field-tags = Tags
field-external = External id
field-origin = Came by
field-escalation = Escalated
field-incident = Incident
field-merged-parts = Merged into it
field-merged-into = Merged into
field-links = Ties
field-created = Created
field-updated = Changed
field-resolved = Resolved
field-counts = Holds
field-importing = Import
field-archived = Archived
field-etag = Etag
importing = not finished: its clocks wait for `opora finish-import`
rung = rung { $rung } since { $since }: { $reason }
counts = { $comments ->
    [one] { $comments } message
   *[other] { $comments } messages
}, { $files ->
    [one] { $files } file
   *[other] { $files } files
}
priority-mismatch = { $asked } (differs)

total-tickets = { $count ->
    [one] { $count } ticket in all
   *[other] { $count } tickets in all
}
more-tickets = There are more: --all shows them, or go on with --page-token { $token }
nothing-suggested = Nothing is suggested.
more-suggestions = { $count ->
    [one] And one more suggestion.
   *[other] And { $count } more suggestions.
}
from-ticket = from { $ticket }
nothing-found = Nothing found.
no-tickets = No tickets match.

done-created = { $ticket } created: { $priority }, first response { $response }, resolution { $resolution }.
done-updated = { $ticket } edited.
done-reprioritised = { $ticket } is { $priority } now: first response { $response }, resolution { $resolution }.
done-escalated = { $ticket } is on rung { $rung } ({ $whom }) now.
done-escalated-later = { $ticket } is on rung { $rung } ({ $whom }) now; reachable { $time }. Go on to the next rung if that is too late.
done-escalated-untold = Opora tells nobody: call or write to them yourself.
done-escalated-reach = Opora tells nobody: reach them yourself, { $reach }.
done-deescalated = { $ticket } is on rung { $rung } now.
done-deescalated-off = { $ticket } is off the ladder now.
done-assigned = { $ticket } is { $assignee }'s now.
done-unassigned = { $ticket } has no owner now.
done-commented = { $ticket }: message written ({ $visibility }).
done-commented-new = The ticket was closed: the message began { $ticket }.
done-commented-target = { $asked } is part of { $ticket }: the message went there.
done-transitioned = { $ticket } is { $state } now.
done-merged = { $ticket } is part of { $target } now.
done-unmerged = { $ticket } is a ticket of its own again: { $state }.
done-linked = { $ticket } and { $target } are tied.
done-unlinked = { $ticket } and { $target } are no longer tied.
done-registered = { $name } registered.
done-edited = { $name } edited.
done-attached = { $file } attached to { $ticket } as { $kind }.
done-downloaded = { $file } written, { $size } bytes, checked.
done-import-finished = { $count ->
    [0] No ticket was waiting for it.
    [one] The clocks of { $count } ticket run now.
   *[other] The clocks of { $count } tickets run now.
}
still-missing = Still missing: { $facts }.

preview-title = What each priority would mean for { $ticket }:
preview-current = { $priority } (now)
explain-title = { $clock } of { $ticket }
explain-elapsed = { $span } of { $target } used; { $state }.
explain-elapsed-continuous = { $span } used, no target; { $state }.
explain-calendar = Calendar { $calendar }, { $zone }
explain-truncated = Cut at 10,000 stretches.
explain-obligations = Obligations:
obligation-shown = shown
obligation-set-aside = set aside
continuous = continuous
comments-title = Messages
watch-gone = The desk went away; waiting for it at revision { $revision }.
watch-back = The desk is back.
watch-left = (left the view)

event-created = created: { $priority }, { $subject }
event-created-follows = created, follows { $ticket }
event-updated = edited: { $fields }
event-assigned = assigned to { $assignee }
event-unassigned = unassigned from { $assignee }
event-reprioritised = priority { $from } → { $to }
event-escalated = escalated to rung { $rung } ({ $whom })
event-deescalated = brought down to rung { $rung }
event-transitioned = { $from } → { $to }
event-commented = { $visibility } message: { $body }
event-merged = { $source } merged into { $target }
event-unmerged = { $source } unmerged from { $target }
event-linked = tied: { $kind } { $ticket }
event-unlinked = untied from { $ticket }
event-attached = file { $file } ({ $kind })
event-sla-warned = { $clock }: { $percent } % used, due { $time }
event-sla-breached = { $clock } BREACHED at { $time } ({ $cause })
event-sla-neglected = neglected since { $time }
event-policy = policy { $from } → { $to }
event-undone = took back revision { $revision }
event-clocks-recomputed = clocks reckoned anew after an update; before: first response due { $response }, resolution due { $resolution }
event-import-finished = import finished
event-unknown = something that this version of opora does not know

error-unreachable = The desk at { $server } can't be reached: { $cause }
hint-unreachable = Is it running? Start one with `opora serve --data DIR`, or name another with --server or OPORA_SERVER.
hint-unsent = Nothing was sent.
error-lost = No answer came from the desk at { $server }: it may have been done.
hint-lost = Given again like this, nothing is done twice:
hint-lost-input = Given again like this, with the same text on standard input, nothing is done twice:
error-late = The desk at { $server } did not answer in time.
hint-late = Try again in a moment, or allow more with --timeout.
health-serving = { $server } takes calls.
health-not-serving = { $server } answers, and takes no calls: it is starting, stopping, or its store failed. Its log says more.
health-live = { $server } answers, but takes no calls.
health-unknown-service = There is no service `{ $service }`. Leave --service out to ask for the server as a whole.
hint-try-again = This passes by itself: try again in a moment.
hint-deadline = It may have happened all the same: look before you repeat it, or allow more with --timeout.
hint-etag = Somebody changed it since: look again with `opora ticket show`, then repeat.
hint-unseen = Read the new message first: `opora ticket show`.
hint-allowed = Allowed from here: { $allowed }.
hint-not-found = `opora ticket list` shows what there is.
hint-resource-not-found = Register it first with `opora org|contact|agent add`.
hint-import = The desk takes historical times only when it runs with importing allowed (OPORA_IMPORTING_ALLOWED=true).
hint-disk = Make room on the disk of the desk; reading goes on meanwhile.
hint-operator = Somebody who runs the desk has to look at its log.
hint-filter = The filter language is described in docs/filter.md; quote the filter for your shell.
hint-request-id = Leave --request-id out, or give a fresh one.
error-bug = This is a bug in opora: { $detail }
hint-bug = Please report it with the version ({ $version }) and what you did. RUST_BACKTRACE=1 shows more.
error-io = { $what }: { $cause }

system-not-found = No such file or directory
system-permission-denied = Permission denied
system-connection-refused = Connection refused
system-connection-reset = Connection reset by peer
system-connection-aborted = Software caused connection abort
system-host-unreachable = No route to host
system-network-unreachable = Network is unreachable
system-timed-out = Connection timed out
system-address-in-use = Address already in use
system-address-not-available = Cannot assign requested address
system-already-exists = File exists
system-not-a-directory = Not a directory
system-is-a-directory = Is a directory
system-directory-not-empty = Directory not empty
system-read-only = Read-only file system
system-storage-full = No space left on device
system-quota-exceeded = Disk quota exceeded
system-file-too-large = File too large
system-invalid-filename = File name too long
system-unknown-name = no host of that name is known
system-numbered = { $word } (os error { $number })
io-stdout = standard output
io-stdin = standard input
io-starting = starting
io-demo-log = the demo's log
io-temporary = a temporary directory
io-demo-directory = the demo's directory
serve-bind = can't listen on { $address }: { $cause }
serve-degraded = { $data } is damaged and served to be read only (--degraded): revisions that can't be read: { $revisions }; nothing can be changed, health stays NOT_SERVING; see `opora check`
serve-accepted = { $data } was put to use as a copy (--accept-restored): it is another store now, its revisions go on at { $revision }; start it without that flag from now on
serve-dry-run = Open tickets: { $open }. Clocks that a start would reckon anew, each with an event that says so: { $recomputed }. Nothing was changed.
serve-failed = the store failed: { $detail }

error-me = --me needs to know who you are: give --as or set OPORA_ACTOR.
error-empty-message = There is nothing to send: the text is empty.
error-nothing-to-change = Nothing to change was named: see --help.

import-reading = Reading { $file }
rename-renamed = Name: { $before } → { $after }
rename-registered = Registered: { $name }
rename-contacts = People: { $count }
rename-tickets = Tickets: { $count }
rename-more = … and { $count } more
rename-merged = Left as they are, as they were merged into others (opora ticket unmerge): { $count }
rename-refused = Refused: { $count }
rename-dry-run = Dry run: nothing was changed.
rename-filter-alone = --filter says which tickets move: give --to as well, or rename without it
rename-same = --to names the same customer: give another one, or rename this one without --to
rename-unknown = the desk does not know { $name }: give its --name as well, and it is registered
import-sending = Importing
import-planned = { $tickets ->
    [one] { $tickets } ticket
   *[other] { $tickets } tickets
} in { $rows ->
    [one] { $rows } row
   *[other] { $rows } rows
}.
import-dry-run = Dry run: nothing was sent.
import-created = Created: { $count }
import-changed = Changes: { $count }
import-skipped = Already there: { $count }
import-refused = Refused: { $count }
import-notes = Could not be played as they stand: { $count }
import-rejects = The refused rows, with line numbers and reasons, are in { $file }.
import-kept-open = The import is left open: its clocks wait for `opora finish-import`.
import-line = line { $line }: { $reason }
import-no-toml = line { $line }, column { $column }: this is no TOML: `{ $text }`
import-wrong-kind = line { $line }, column { $column }: a value of another kind belongs here: `{ $text }`
import-no-key = `{ $key }` is no key; did you mean `{ $nearest }`?
import-missing-key = `{ $key }` is missing
import-no-utf8 = no text in UTF-8 from byte { $byte } on
import-no-utf8-in = `{ $column }` is no text in UTF-8
import-no-json = no JSON at character { $column }
import-cut-json = its JSON is not complete
import-no-object = no object of JSON
import-bad-time = `{ $time }` is a time that no calendar has
import-other-ticket = another ticket, { $ticket }, has the external id `{ $id }`: give this import an external_id_prefix of its own
import-no-field = `{ $field }` is no field; did you mean `{ $nearest }`?
import-no-zone = `{ $zone }` is no time zone
import-no-word = `{ $word }` is no `{ $field }` of the contract: give it a value in [values.{ $field }]
import-no-subject = `subject` must come from a column, a template or a constant
import-no-column = { $file } has no column `{ $column }`
import-length = { $values } values, { $columns } columns
import-no-id = `{ $column }` is empty
import-empty-subject = the subject is empty
import-far-time = `{ $text }` would be { $time }, and no time outside the years { $from } to { $to } is taken: look at the mapping's time_formats and `years`
import-years = years = [{ $from }, { $to }]: a desk takes times of the years { $first } to { $last }; give the first and the last of those that the file may have
import-no-time = `{ $time }` is not a time in any of the mapping's formats
import-no-creation = neither create_time nor update_time is known
import-left-out = the other rows of { $id } were left out with it
import-played = { $told } was played as { $played }: the desk has no way on from there
import-long-name = `{ $field }` is longer than { $most } characters
import-broken-name = `{ $field }` has a control character or a line break
import-none-called = nothing in `{ $collection }` is called `{ $name }`: register it, let the mapping do so with register_missing = true, or write `{ $collection }/ID`
import-no-way = the desk has no way from { $from } to { $to }
import-stands = stands in { $found }, not in { $wanted }

demo-preparing = Preparing a desk with { $count } invented tickets
demo-ready = The demo desk is at { $server } — its tickets are invented.
demo-connect = Connect with:  opora console --server { $server } --as olga
demo-or = or:            opora ticket list --server { $server }
demo-stop = Ctrl-C ends it and removes its directory.
demo-log = The log of the desk is in { $file }
demo-ended = The demo is over; its directory was removed.
demo-failed = The demo's desk failed: { $cause }
check-clean = { $data } is in order.
check-found = { $count ->
    [one] { $count } fault found in { $data }.
   *[other] { $count } faults found in { $data }.
}
check-harmless = note: { $path }: { $what }
check-repairable = wrong: { $path }: { $what }
check-lost = LOST: { $path }: { $what }
check-read = Read { $commits } commits, { $tickets } tickets and { $files } attachments.
check-staged = { $count ->
    [one] One upload is not finished ({ $bytes } bytes): the running desk gives it up after `staging_age`.
   *[other] { $count } uploads are not finished ({ $bytes } bytes): the running desk gives them up after `staging_age`.
}
check-unreferenced = { $count ->
    [one] One file in blobs/kept ({ $bytes } bytes) is referred to by no ticket: a desk removes it at its start; after --accept-restored only when it is older than `staging_age`.
   *[other] { $count } files in blobs/kept ({ $bytes } bytes) are referred to by no ticket: a desk removes them at its start; after --accept-restored only those that are older than `staging_age`.
}
check-parts = { $count ->
    [one] One file in blobs/kept ({ $bytes } bytes) was not written to its end: a desk removes it at its start; after --accept-restored only when it is older than `staging_age`.
   *[other] { $count } files in blobs/kept ({ $bytes } bytes) were not written to their ends: a desk removes them at its start; after --accept-restored only those that are older than `staging_age`.
}
check-repaired = The view was built again.
check-stage-journal = journal, revision { $revision }
check-stage-view = view
check-stage-attachments = attachments
check-stage-rebuild = building the view again
check-more = { $what }, and there is more of that kind
check-revisions-missing = revisions { $first } to { $last } are missing before it
check-segment-unreadable = none of its revisions, from { $from } on, can be read: { $detail }
check-header-damaged = its header is damaged
check-header-newer = it was written by a newer version of opora (segment format { $version })
check-header-foreign = it belongs to the store { $uid }
check-header-misnamed = it begins with revision { $revision }, not with the one that its name says
check-frame-damaged = revision { $revision } does not match its checksum
check-seal-missing = it has no seal; the next start makes one
check-seal-broken = its content does not have the hash of its seal
check-seal-unchained = its seal does not name the seal before it
check-not-understood = revision { $revision } can't be understood: { $detail }
check-event-unchained = revision { $revision } does not name revision { $before } as the one before on { $number }
check-journal-behind = it ends at revision { $newest }, but `{ $witness }` says that revision { $acknowledged } was acknowledged: it is older than the other files, or its newest files are gone
check-journal-gone = it is gone or empty, but `state` says that there was a journal
check-not-opened = the desk does not start with it: { $detail }
check-view-not-read = it was not read: no copy of it could be made ({ $detail })
check-view-missing = there is no view; the next start builds one
check-view-unreadable = it can't be read: { $detail }
check-view-ahead = it stands at revision { $view }, the journal ends at { $journal }
check-view-behind = it stands at revision { $view } of { $journal }; the next start catches it up
check-ticket-wrong = { $number } is missing, damaged or not as in revision { $revision }
check-ticket-beyond = it holds { $number }, which the journal does not
check-request-wrong = the request of revision { $revision } is missing or damaged
check-key-wrong = the key `{ $index }` by which { $number } is found is missing or damaged
check-keys-beyond = it holds { $view } keys by which tickets are found, the journal { $journal }
check-attachment-missing = an attachment of { $number } is gone
check-attachment-damaged = an attachment of { $number } does not match its hash
check-attachment-size = an attachment of { $number } has { $found } bytes, not { $size }
check-attachment-unreadable = an attachment of { $number } can't be read: { $detail }
open-in-use = { $dir } is in use by { $pid ->
    [none] another process
   *[other] process { $pid }
}
open-newer = { $path } was written by a newer version of opora ({ $detail }): use that version
open-unusable = { $dir } can't be used as the data directory: { $cause }; make it and give it to the user who runs opora, or name another with --data
open-no-desk = { $dir } is no data directory of a desk (it has no file `format`): name the one that `opora serve --data` uses
open-format = { $path }: { $detail }; restore it from a backup
open-damaged = revision { $revision } is damaged or gone, in { $path }: { $detail }; nothing was changed: run `opora check`, then restore that file from a backup; `opora serve --degraded` serves what is sound until then
open-behind = { $path } ends at revision { $newest }, but `{ $witness }` beside it says that revision { $acknowledged } was acknowledged: it is older than the other files, or its newest files are gone; nothing was changed: run `opora check`, then put the missing files back, or copy the directory again while the desk is stopped; if this copy is to be used as it is, start once with `opora serve --accept-restored`: what came later is lost then
open-no-journal = { $path } is gone or empty, but `state` beside it says that there was a journal; nothing was changed: run `opora check`, then put the missing files back, or copy the directory again while the desk is stopped; if this copy is to be used as it is, start once with `opora serve --accept-restored`: what was in the journal is lost then
open-unreadable = { $path }: { $detail }; `opora serve --degraded` serves what is sound until then
open-short = { $path }: the machine is short of threads, memory or open files ({ $detail }); nothing was changed: raise the limit (`ulimit -u`, `ulimit -n`, the container's pids and memory), then start it again
open-view = { $path }: { $detail }
open-io = { $path }: { $cause }
hint-check-lost = What is lost can't be made again here: restore the named file from a copy.
hint-check-repair = Run it again with --repair to mend what can be mended.
attach-unfinished = The upload of { $file } is not complete: the desk has { $size } bytes. Give the same command again.
attach-part = Attached: { $sent }. Not yet: { $rest }. Given again, the same command sends nothing twice.
attach-hash = What arrived does not match its hash: nothing was kept. Fetch it again.
attach-taken = { $path } is there already and was left as it is. Another place: --to PATH; to replace it: --force
attach-directory = { $path } is a directory. Name a file in it: --to { $path }/NAME
attach-no-directory = { $path } is no directory: several files need one. Make it first, or fetch them one by one.
attach-no-folder = There is no directory { $path }. Make it first, or name another place.
attach-which-ticket = Whose file is { $file }? Name the ticket, or the file as the list does: opora attach TICKET --download { $file }
attach-none = The ticket has no file { $file }. Its files: opora attach TICKET --list
attach-several = Several files are called { $file }: { $names }. Give one of these names.

config-unknown = { $origin }: `{ $key }` is not a setting
config-nearest = ; did you mean `{ $nearest }`?
config-wrong = { $origin }: `{ $key }` { $detail }
config-content = { $path }: { $detail }
