command-invite = invite people to roles
command-team = the team: who has which role
button-invite = Invite somebody
button-team = See the team
button-invite-another = Make another link
invite-offer = { $own ->
    [yes] You made this link yourself, for <b>{ $role }</b>. Please pass it to the right person; if you accept it here, the role is yours and the link is used up.
   *[no] You are invited to be <b>{ $role }</b> of { $title }.

    This link works only once. If it was not meant for you, please do not accept.
}
invite-held = You are <b>{ $role }</b> already; there is nothing to accept.{ $open ->
    [yes] {" "}The link still works for somebody else.
   *[no] {""}
}
button-take-role = Accept the role
invite-taken = Thank you for being <b>{ $role }</b>. { $kind ->
    [unit-lead] The questions of your unit's young people are gathered here; hand them up to the organiser { $deadline }, in one tap. You will be reminded if you have not.
    [duty-officer] When a question shows that somebody is in danger, you get a message at once.
   *[organiser] Progress, the team, reminders, extensions and the list of questions are in the menu.
}
team-invite-role = Invite to which role?
team-invite-unit = The lead of which unit? (○ has nobody yet)
team-unit-button = { $free ->
    [yes] ○ { $unit }
   *[no] { $unit }
}
team-link = A link for <b>{ $role }</b>; pass it to the right person (tap to copy):

    { $link }

    It works once, within 72 hours. If it went astray, revoke it under the team.
team-title = <b>The team</b>
team-member = { $number }. { $role } – since { $moment }{ $who ->
    [self] {" "}(you)
    [blocked] {" "}(has blocked the bot)
   *[reachable] {""}
}
team-open-link = ✉ Open link: { $role }, until { $moment }
team-units-without-lead = <b>Units with nobody yet:</b> { $units }
button-revoke = Revoke number { $number }
button-revoke-link = Revoke the link: { $role }
team-revoke-ask = Revoke the role <b>{ $role }</b> (number { $number })? That person can no longer use its commands.
button-revoke-sure = Revoke the role
team-revoked = The role is revoked.
team-link-revoked = The link is revoked.
team-gone-already = This had been done before.

command-progress = how far each unit is
command-remind = remind the units that have not reported
button-progress = See the progress
button-remind = Remind the late ones
button-extend = Extend
button-report-for = Report for a unit
progress-title = <b>Progress: { $reported } of { $units } units have reported, { $asked } questions</b>
    Due: { $deadline } ({ $left })
progress-line = { $mark ->
    [done] ✓
    [late] ✗
   *[open] ·
} { $unit }: { $asked } – { $state }{ $held ->
    [0] {""}
   *[other] ; { $held } to be looked at
}{ $lead ->
    [yes] {""}
   *[no] ; <b>nobody yet</b>
}{ $own ->
    [none] {""}
   *[other] ; due { $own }
}
progress-reported = reported { $moment }{ $late ->
    [0] {""}
    [one] , { $late } day late
   *[other] , { $late } days late
}{ $waiting ->
    [0] {""}
   *[other] , { $waiting } new since
}
progress-late = { $late ->
    [one] { $late } day late
   *[other] { $late } days late
}
progress-not-yet = not yet
remind-nobody = Nobody needs reminding: every unit with a lead here has reported.
remind-ask = Remind <b>{ $people }</b> people of the units that have not reported: { $units }. This is what they will read, each with their own unit and deadline:
button-remind-now = Remind now
remind-sent = { $people ->
    [0] Nobody is reminded: within the last hour everyone has been.
   *[other] { $waits_until ->
        [none] Reminders are on their way. People: { $people }.
       *[other] Reminders will go out at { $waits_until }, since it is night. People: { $people }.
    } Within an hour nobody gets a second one.
}

command-extend = extend a deadline
extend-which = Extend which deadline?
extend-asking-closes = Asking ({ $deadline })
extend-unit-reports-due = Unit reports ({ $deadline })
extend-whom = Extend it for whom?
button-all-units = All units
extend-until = At present: { $deadline }. Choose the new one, or type a day such as { $example } (which means before that day) or { $example } 17:00.
extend-day-unclear = That day is not clear. Write { $example } (which means before that day) or { $example } 17:00.
extend-why = The new deadline: { $deadline }. Please write the reason in one message; it goes to the people affected.
extend-done = The new deadline is { $deadline }, for { $unit ->
    [all] all units
   *[other] { $unit }
}. { $people ->
    [0] Nobody needs to be told.
    [one] { $people } person will be told, once.
   *[other] { $people } people will be told, once each.
}
request-granted = { $unit } may report { $deadline }. They are being told.
request-refused = The request of { $unit } is refused. They are being told.

refused-moment-unfit = This deadline cannot be set: it must lie ahead, differ from the old one, and come before the conference opens.
refused-request-decided = This request has been answered, or the unit has put another in its place.
refused-nothing-to-report = { $unit } has reported, and nothing has come since.
refused-unit-has-lead = { $unit } has a lead here, so only the lead reports.
refused-own-role = You cannot revoke your own organiser's role. Please ask another organiser.
refused-role-by-settings = This role is set in the program's settings; only the operator can change it.
