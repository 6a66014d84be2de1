command-report = hand up your unit's questions
button-report = Hand up
report-no-unit = There is no unit you can report for now. The organiser reports only for units that have no lead here.
report-which-unit = Report for which unit?
report-unit = <b>{ $unit }</b>
    Questions waiting: <b>{ $waiting }</b>{ $held ->
        [0] {""}
       *[other] {" "}(and { $held } with the duty officer)
    }
    Due: { $deadline } ({ $left }){ $asking ->
        [none] {""}
       *[other] {"\u000A"}Young people can still ask { $asking }. What comes after your report can be handed up in addition.
    }{ $for_other ->
        [yes] {"\u000A"}This unit has no lead here. That you act for it will be on record.
       *[no] {""}
    }
report-sent-before = Report { $number } was sent at { $moment }. Since then { $waiting } more have come; you can hand them up too.
report-finished = <b>{ $unit }</b>: report { $number } was sent at { $moment }. Nothing has come since; there is nothing left for you to do.
button-report-send = Hand up { $count } to the organiser
button-report-none = Our unit has no questions
button-read = Read the questions ({ $count })
read-title = <b>Questions of { $unit }</b> ({ $count })
read-line = <b>{ $code }</b> · { $topic } · { $state }
    <blockquote>{ $text }</blockquote>
report-done = <b>The report of { $unit } is sent</b>{ $number ->
        [1] {""}
       *[other] {" "}(number { $number }, an addition)
    }: { $count ->
        [0] no questions
        [one] { $count } question
       *[other] { $count } questions
    }, at { $moment }, { $late ->
        [yes] late
       *[no] on time
    }. Thank you; this is done. You will only hear of it again if new questions come.
button-ask-for-time = Ask for more time
time-how-long = Until when do you need?
button-more-days = { $days ->
    [one] { $days } day more
   *[other] { $days } days more
} ({ $deadline })
time-why = You ask to report { $deadline }. Please write the reason in one message; a few words will do.
time-asked = Your request to report { $deadline } has gone to the organiser{ $waits_until ->
    [none] . You will hear as soon as they answer.
   *[other] . It is night now, so they get it at { $waits_until }. If it is urgent, hand up what there is; later questions can follow.
}
reason-unfit = The reason must be in words, at most { $limit } characters. Please send it again.
