command-broadcast = announce something to all, a unit or a role
command-outbox = messages waiting to go out, and those that failed
button-broadcast = Make an announcement
button-outbox = Messages waiting or failed
button-refresh = Refresh

notice-broadcast = <b>Announcement from { $organiser }</b>

    { $text }

broadcast-ask-text = Please write the announcement (at most { $maximum } characters) and send it here. Nothing goes out before you have looked at it and confirmed.
broadcast-text-only = An announcement is written words only, no pictures, files or forwarded messages. Please type it, or type /cancel to give up.
refused-broadcast-text = { $length ->
    [0] The announcement is empty.
   *[other] The announcement has { $length } characters; { $maximum } is the most. Please send a shorter one.
}
refused-audience-unknown = This audience no longer exists. Type /broadcast to choose again.
refused-broadcast-unknown = There is no such announcement. Type /broadcast to write a new one.
button-broadcast-latest = Look at the latest one

broadcast-ask-audience = To whom should it go?
button-audience-all = Everyone
button-audience-unit = One unit
button-audience-role = One role
button-audience-other = Other recipients
broadcast-ask-unit = To which unit?
broadcast-ask-role = To which role?
audience-all = everyone

broadcast-last-look = ————
    { $count ->
        [0] Recipients: { $audience }. Nobody there can be reached now; please choose others.
        [one] Above is exactly what they will read. Recipients: { $audience }, <b>1 person</b>.
       *[other] Above is exactly what they will read. Recipients: { $audience }, <b>{ $count } people</b>.
    }
    To change it, please send the whole text again.
broadcast-quiet = These are quiet hours: it goes out from { $moment }.
button-broadcast-send = { $count ->
    [one] Send to 1 person
   *[other] Send to { $count } people
}
broadcast-nothing-open = This button belongs to an announcement that is no longer being written. Nothing was sent.

broadcast-progress = <b>{ $outcome ->
        [stopped] The announcement was stopped.
        [going] The announcement is going out…
       *[over] The announcement is out.
    }</b>
    Recipients: { $audience }, { $people } in all.

    • Sent: { $sent }
    • Waiting: { $waiting }
    • Failed: { $failed }
    • May have arrived: { $uncertain }
    • Cancelled: { $cancelled }{ $forgotten ->
        [0] {""}
       *[other] {"\u000A"}• Recipients who have erased their data: { $forgotten }
    }

    As of { $moment }.
broadcast-quoted = <blockquote>{ $text }</blockquote>
button-broadcast-stop = Stop sending
broadcast-stopped-now = Stopped. The { $count } that were left are cancelled.
broadcast-over-before = This announcement was over or stopped before.

outbox-title = <b>Messages that the conference starts</b>
    • Waiting: { $waiting }
    • Sent: { $sent }
    • Failed: { $failed }
    • May have arrived: { $uncertain }
    • Cancelled: { $cancelled }

    Replies that failed: { $replies }
    As of { $moment }.
outbox-no-trouble = No message is in trouble.
outbox-set-aside = Messages received that the program could not handle: { $count }. Their authors were asked to write again; the cause stands in the program's log.
outbox-trouble = <b>{ $at }. { $kind }</b>, to { $whom }
    { $moment }: { $state }, { $reason }.
outbox-more = … and { $count } older ones.
outbox-replies-note = A reply that failed cannot be sent again: its words are not kept. The person only has to write once more.
outbox-whom-unknown = someone whose data is no longer kept
outbox-kind-alert-low-space = Alert: little space left
outbox-kind-alert-set-aside = Alert: messages not handled
outbox-kind-alert-uncertain = Alert: messages that may have arrived
outbox-kind-broadcast = Announcement
outbox-kind-extended = Moved deadline
outbox-kind-extension-refused = Refused extension
outbox-kind-extension-request = Request for more time
outbox-kind-held-question = Question to look at
outbox-kind-late-question = New questions after a report
outbox-kind-nudge = Reminder
outbox-kind-other = Other message
outbox-kind-reply = Reply
outbox-kind-retention-over = Call to erase identities
outbox-state-failed = failed
outbox-state-uncertain = may have arrived
outbox-reason-blocked = the recipient has blocked the bot, or the account is gone
outbox-reason-refused = Telegram did not take this message
outbox-reason-no-answer = the connection was lost, Telegram did not answer
outbox-reason-cut-off = the program ended while sending
outbox-reason-other = a fault of the program, written in its log
button-retry = Send { $at } again
button-retry-uncertain = Send { $at } again (it may arrive twice)
outbox-retried = It is waiting to be sent again.
outbox-not-retried = It was sent again before, or the recipient cannot be reached now.

notice-alert-set-aside = <b>{ $count ->
        [one] One message
       *[other] { $count } messages
    } came in that the program could not handle.</b> The fault is the program's, not the senders'. They were told and asked to write again; what they write after that is taken as usual.

    Please pass this on to the operator: the cause stands in the program's log.
notice-alert-uncertain = <b>{ $count ->
        [one] One reminder or announcement
       *[other] { $count } reminders or announcements
    } may or may not have arrived.</b> The connection broke while sending. The bot does not repeat this by itself, so that nobody gets anything twice.

    Please open the list, look at each, and send again what must arrive.
notice-alert-low-space = <b>The server has little space left: { $free } MB.</b> The bot still takes questions. Once the space is used up it can take nothing more; people's messages wait at Telegram for 24 hours at the most.

    Please tell the operator at once to free some space.
alert-disk-full = <b>The server's disk is full: the bot can write nothing more.</b> Questions already taken are safe. People's new messages wait at Telegram for 24 hours at the most, and are not answered yet.

    Please tell the operator at once to free some space. The bot then goes on by itself; it need not be started again.
alert-halted = <b>For 10 minutes no reminder or announcement could be sent</b> (at { $moment }). None is lost: they all wait and go out by themselves when the way is free. The bot still takes questions and answers.

    If an announcement must arrive now, please use another way, and pass this on to the operator. /outbox shows how many are waiting.
