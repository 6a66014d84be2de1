nudge-unit-leads-without-report = { $is_over ->
    [yes] <b>{ $units }: no report yet.</b> It was due { $deadline }; sent now, it still counts and goes into the whole list.
   *[no] <b>{ $units }: no report yet.</b> Due { $deadline }, { $left }. Have a look, and one tap hands it up; if there are no questions, please say so.
}
nudge-unit-leads-with-unreviewed-questions = <b>{ $units }: new questions are waiting for you.</b> Reports are due { $deadline }, { $left }.
nudge-members-without-question = <b>You have not asked anything for { $title } yet.</b> Questions are taken { $deadline }, { $left }. Is there something you want to ask the leaders?
nudge-organisers-with-late-units = <b>Overdue ({ $count ->
    [one] { $count } unit
   *[other] { $count } units
}):</b> { $units }. The report was due { $deadline }.
nudge-organisers-with-units-without-lead = <b>Nobody here yet ({ $count ->
    [one] { $count } unit
   *[other] { $count } units
}):</b> { $units }. Reports are due { $deadline }, { $left }. You can invite a lead, or report for them.
button-nudge-report = Open the report of { $unit }
button-snooze = Tomorrow morning
button-stop-reminders = No more reminders
reminders-stopped = I will not remind you again. Write to me whenever you want to ask.
reminders-snoozed = Very well. No reminders until { $moment }.
notice-extended-asking-closes = <b>Questions for { $title } are now taken { $deadline }{ $unit ->
    [all] {""}
   *[other] , from { $unit }
}.</b>
    Reason: { $reason }
notice-extended-unit-reports-due = <b>The report { $unit ->
    [all] of each unit
   *[other] of { $unit }
} is now due { $deadline }.</b>
    Reason: { $reason }
notice-extension-request = <b>{ $unit } asks to report { $deadline }.</b>
    Reason: { $reason }
button-grant = Agree
button-refuse = Refuse
notice-extension-refused = <b>The organiser cannot move the deadline of { $unit }.</b> It stays where it was; please hand up as soon as you can.
notice-late-question = <b>{ $unit } has { $count } new questions since its report.</b> Press to read them and hand them up too.
