# What `plan check` warns of. It speaks to whoever runs the program; nothing here blocks.

plan-warning-published-late =
    organiser.plan_date: the plan is dated { DATETIME($day, dateStyle: "medium") }. The Youth Law (art. 10.2) wants a dialogue's plan public at least 30 days before, by { DATETIME($latest, dateStyle: "medium") }. An earlier plan of the People's Committee would do.
plan-warning-conclusion-only-if-complex =
    milestones.conclusion_due: the conclusion may take until the end of { DATETIME($day, dateStyle: "medium") }. The Youth Law (art. 10.3) allows until { DATETIME($latest, dateStyle: "medium") }; only complex matters of several fields have until { DATETIME($extended, dateStyle: "medium") }.
plan-warning-conclusion-late =
    milestones.conclusion_due: the conclusion may take until the end of { DATETIME($day, dateStyle: "medium") }, past what the Youth Law (art. 10.3) allows: { DATETIME($latest, dateStyle: "medium") }, or { DATETIME($extended, dateStyle: "medium") } for complex matters.
plan-warning-milestone-past =
    { $key }: { DATETIME($day, dateStyle: "medium") } is already past.
plan-warning-audience-not-served =
    { $key }: the program sends no reminders to "{ $audience }" yet, so these will not go out.

plan-usable = { $file } can be used.
