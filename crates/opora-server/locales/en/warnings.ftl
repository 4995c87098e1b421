# Sentences of GetServerInfo.warnings: what an operator should look at, and what to do about it.
no-sign-in = Anybody who reaches { $address } is believed who they say they are: there is no sign-in yet. Let only those reach it whom you trust
read-only = The data directory is damaged and served to be read only (--degraded): revisions that can't be read: { $revisions }, tickets refused for it: { $tickets }. Run `opora check` on a copy of it, put the named files back from a backup, and start without --degraded
restored = The data directory was put to use as a copy at this start (--accept-restored): it is another store, and its revisions go on 1,000,000 further. Start without that flag from now on
unknown-variable = The variable { $name } is no setting and was passed over: docs/configuration.md lists them
unknown-variable-near = The variable { $name } is no setting and was passed over; did you mean { $nearest }?
more-variables = { $count ->
    [one] One more variable that begins with OPORA_ is no setting and was passed over
   *[other] { $count } more variables that begin with OPORA_ are no settings and were passed over
}
service-variables = { $count ->
    [one] The variable { $name } was passed over: Kubernetes makes it of a Service of that name; `enableServiceLinks: false` keeps it away
   *[other] { $name } and other variables, { $count } in all, were passed over: Kubernetes makes them of Services of that name; `enableServiceLinks: false` keeps them away
}
clock-ahead = The machine's clock is { $seconds } s ahead of the time that has passed: it is believed once that has lasted five minutes; until then no timer fires. Look at its time synchronisation
clock-behind = The machine's clock was set back and is { $seconds } s behind the desk's: the desk goes on by the time that passes until the clock has caught up. Look at its time synchronisation
staging-nearly-full = Uploads that are not finished take { $bytes } of the { $allowance } bytes that they may: others that nobody sends are given up for new ones. Make room on the disk, or raise staging_bytes
log-lines-dropped = { $count ->
    [one] One line of the log could not be written and is lost: look at where standard error goes
   *[other] { $count } lines of the log could not be written and are lost: look at where standard error goes
}
