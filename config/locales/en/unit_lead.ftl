command-report = hand up your unit's questions
button-report = Hand up
report-no-unit = There is no unit you can report for now. The organiser reports only for units that have no lead here.
report-which-unit = Report for which unit?
report-unit = <b>{ $unit }</b>
    Questions waiting: <b>{ $waiting }</b>{ $held ->
        [0] {""}
       *[other] {" "}(and { $held } with the duty officer)
    }
    Due: { $deadline } ({ $left }){ $for_other ->
        [yes] {"\u000A"}This unit has no lead here. That you act for it will be on record.
       *[no] {""}
    }
report-sent-before = Report { $number } was sent at { $moment }.{ $waiting ->
    [0] {" "}Nothing has come since.
   *[other] {" "}Since then { $waiting } more have come; you can hand them up too.
}
button-report-send = Hand up { $count } to the organiser
button-report-none = Our unit has no questions
report-done = The report of <b>{ $unit }</b>{ $number ->
        [1] {""}
       *[other] {" "}(addition { $number })
    } is sent: { $count ->
        [0] no questions
        [one] { $count } question
       *[other] { $count } questions
    }, at { $moment }, { $late ->
        [yes] late
       *[no] on time
    }. Thank you. There will be no more reminders about it.
button-ask-for-time = Ask for more time
time-how-long = Until when do you need?
button-more-days = { $days ->
    [one] { $days } day more
   *[other] { $days } days more
} ({ $deadline })
time-why = Please write the reason in one message. The organiser gets it at once.
time-asked = Your request has gone to the organiser: to report { $deadline }. You will hear as soon as they answer.
