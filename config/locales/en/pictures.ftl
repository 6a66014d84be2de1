command-stats = numbers: units, topics, day by day
button-stats = See the numbers
button-stats-draw = Draw the chart
stats-file-name = numbers
stats-title = { $title }, as of { $moment }
stats-as-of = as of { $moment }
stats-number = { $count }
stats-share = { $count }/{ $total }
stats-questions = questions
stats-people = people who asked
stats-units-asked = units with questions
stats-units-reported = units that have reported
stats-cells = Questions by unit and topic
stats-days = Questions by day
stats-total = Total
stats-none = No question yet
stats-day = { $day }/{ $month }
stats-deadline = { $name }: { $deadline }
stats-not-counted = Withdrawn questions and those with the duty officer are not counted.
stats-counted = { $questions ->
    [one] { $questions } question
   *[other] { $questions } questions
} from { $people ->
    [one] { $people } person
   *[other] { $people } people
}.
stats-forgotten = { $count ->
    [one] { $count } question has
   *[other] { $count } questions have
} no author any more, so there may be more people than counted.
stats-units = { $asked }/{ $units } units have questions, { $reported }/{ $units } have reported.
stats-item = { $name } ({ $count })
stats-top-topics = Most asked about: { $items }.
stats-top-units = Most questions from: { $items }.
stats-silent-units = No question yet from: { $items }{ $more ->
    [0] {""}
   *[other] {" "}and { $more } more
}.
stats-busiest-day = Busiest day: { $items }.

command-poster = a poster and a picture to share, with the unit's QR code
button-poster = Poster with QR code
poster-file-name = poster
poster-which-unit = A poster for which unit? Its QR code opens the place where that unit's questions are asked.
poster-no-unit = There is no unit you can make a poster for.
poster-headline = What would you ask your leaders?
poster-or-open = or open { $link }
poster-step-scan = Scan the QR code with your phone
poster-step-start = Press “Start” in Telegram
poster-step-write = Choose a topic and write your question
poster-deadline = Ask { $deadline }
poster-caption-square = { $unit }: a picture to share. Send the link with it, since nobody can scan a code on their own screen: { $link }
poster-caption-pdf = The A4 poster for printing; black and white is fine.
poster-caption-png = The A4 poster as a picture, sharp enough for print.
