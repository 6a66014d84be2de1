nudge-unit-leads-without-report = { $is_over ->
    [yes] <b>{ $units } has not reported.</b> It was due { $deadline }; sent now, it can still go into the whole list.
   *[no] <b>{ $units } has not reported.</b> Due { $deadline }, { $left }. If there are no questions, one tap says so.
}
nudge-unit-leads-with-unreviewed-questions = <b>{ $units } has questions waiting for you.</b> Reports are due { $deadline }, { $left }.
nudge-members-without-question = <b>You have not asked anything for { $title } yet.</b> Questions are taken { $deadline }, { $left }. Is there something you want to ask the leaders?
nudge-organisers-with-late-units = <b>Units that have not reported though it was due { $deadline }:</b> { $units }.
nudge-organisers-with-units-without-lead = <b>Units with nobody here yet:</b> { $units }. Reports are due { $deadline }, { $left }. You can invite a lead, or report for them.
button-nudge-report = Report for { $unit }
button-snooze = Tomorrow morning
button-stop-reminders = No more reminders
reminders-stopped = I will not remind you again. Write to me whenever you want to ask.
reminders-snoozed = Very well. No reminders until { $moment }.
notice-extended-asking-closes = <b>More time to ask for { $title }:</b> { $deadline }. Reason: { $reason }
notice-extended-unit-reports-due = <b>More time for your unit's report:</b> { $deadline }. Reason: { $reason }
notice-extension-request = <b>{ $unit } asks for more time to report:</b> { $deadline }. Reason: { $reason }
button-grant = Agree
button-refuse = Refuse
notice-extension-refused = The organiser cannot extend the time of { $unit }. The deadline stays.
