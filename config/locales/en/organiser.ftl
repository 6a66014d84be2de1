export-ask = <b>{ $count }</b> questions under these filters. Choose a format, or set a filter.
button-export-xlsx = Excel (.xlsx)
button-export-csv = CSV (.csv)
filter-topic = Topic: { $value }
filter-unit = Unit: { $value }
filter-state = State: { $value }
filter-since = Since: { $value }
filter-all = all
filter-ask-topic = Choose a topic.
filter-ask-unit = Choose a unit.
filter-ask-state = Choose a state.
filter-ask-since = Questions sent since which day?

retention-ask = Erase the account numbers of everyone who asked? The questions stay, but nobody can link them to a person. This cannot be undone.
button-retention-sure = Erase identities
retention-done = { $count ->
    [0] There is no identity left to erase. All questions are still there.
    [one] The identity of { $count } person is erased. All questions are still there.
   *[other] The identities of { $count } people are erased. All questions are still there.
}

held-none = No question waits to be looked at.
held-title = <b>{ $count } questions show signs of danger.</b> Help line: { $hotline }.
held-question = <b>{ $code }</b>
    <blockquote>{ $text }</blockquote>
button-release = Pass { $code } to its unit
released = { $code } has gone to its unit. The asker keeps the receipt.
released-before = { $code } was dealt with before.

notice-held = <b>A question needs a person's eyes now.</b> It shows signs that somebody is in danger; its author was shown { $hotline }. It is held and has not gone to its unit.
notice-retention = { $days } days have passed since the conference. As promised to those who asked, identities are to be erased. Press below to confirm; until then nothing is erased.
button-retention = Look and confirm
