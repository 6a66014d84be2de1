# The words in exported files. Formal.
# Sheet names: at most 31 characters, none of [ ] : * ? / \

export-sheet-topics = By topic
export-sheet-units = By unit
export-sheet-numbers = Numbers

export-total =
    { $total ->
        [one] { $total } question
       *[other] { $total } questions
    }
export-made-at = made at { $time } on { $year }-{ $month }-{ $day }
export-page = Page { $page } of { $pages }
export-nothing = There is no question in this selection yet.

export-column-number = No.
export-column-code = Code
export-column-topic-number = Topic number
export-column-topic-code = Topic code
export-column-topic = Topic
export-column-text = Question or recommendation
export-column-unit = Unit
export-column-unit-code = Unit code
export-column-count = Times asked
export-column-department = Department preparing the answer
export-column-due = Due
export-column-state = State
export-column-note = Note
export-column-asked-on = Sent on
export-column-questions = Questions
export-column-milestone = Milestone

# What does not fit one cell goes on in the row below.
export-continues = (goes on in the row below)
export-continued = (continued)

export-sum = Total
export-chart-topics = Questions by topic
export-chart-units = Questions by unit
export-chart-units-top = The { $shown } units with most questions
export-chart-days = Questions by the day they were sent

list-title = Questions and recommendations for { $title }
list-everything = All questions and recommendations
list-note-addendum = Sent late (addendum)
list-file-name = questions
milestone-asking-closes = Asking closes
milestone-unit-reports-due = Unit reports due
milestone-consolidation-due = Consolidation due

my-data-file-name = my-data
my-data-title = What is kept about you – { $title }
my-data-account = Account: { $channel } { $account }
my-data-language = Language: { $language }
my-data-age = Age band: { $age }
my-data-consent = Consent given: { $moment } (version { $version })
my-data-role = Role: { $role }
my-data-question = { $code } · { $moment } · { $state } · { $unit } · { $topic }
