# What `python -m bot` says to whoever runs the program.

setup-welcome =
    Setting up Đối thoại. Press Enter to keep what is there; Ctrl-C to stop.
setup-token-ask = The bot's token (from @BotFather; typing stays hidden):{ " " }
setup-token-keep = The bot's token (Enter keeps the one in use; typing stays hidden):{ " " }
setup-token-missing =
    There is no token yet. Make a bot with @BotFather on Telegram, then run this again.
setup-token-shape =
    This is no token: a token is digits, a colon, then letters, digits, "-" and "_".
setup-token-refused = Telegram does not accept this token. Copy it again from @BotFather and run this again.
setup-api-refused = { $base } refused the request: { $reason }
setup-api-unreachable =
    { $base } cannot be reached ({ $reason }). Check the network, TELEGRAM_API_BASE and TELEGRAM_PROXY.
setup-bot-found = Found the bot @{ $username }.
setup-settings-unusable = The settings cannot be used: { $reason }
setup-plans = The plans at hand:
setup-plan-line = { "  " }{ $number }. { $title } ({ $path })
setup-plan-unusable = has faults and cannot be used yet
setup-plan-ask = Which plan: a number, or the path of a file (Enter takes { $path }):{ " " }
setup-plan-number = There is no plan number { $number }.
setup-plan-fault = The plan { $path } cannot be used: { $fault }
setup-date-ask = The day of the conference, such as { $example } (Enter keeps { $day }):{ " " }
setup-date-unusable =
    "{ $answer }" is no day that can be used; write it like 26/5/2027 or 2027-05-26, in the years { $first } to { $last }.
setup-date-past = Mind: the day of the conference ({ $day }) is past, so the bot takes no more questions.
setup-plan-moved = Moved every milestone along with { $day } and wrote { $path }.
setup-plan-kept-aside = The plan that was there is kept as { $path }.
setup-year-left =
    These lines still name { $year }; look at them and change them in { $path }:
setup-year-left-line = { "  " }{ $key }
setup-database-unusable = The database cannot be used: { $reason }
setup-database-other-conference =
    This database belongs to conference { $theirs }, the plan to { $ours }. Each conference needs a database of its own (DATABASE_URL).
setup-database-other-program =
    This database belongs to the sandbox and is not opened by the real bot. Choose another one (DATABASE_URL).
setup-files-unwritable = { $path } cannot be written: { $reason }
setup-saved = Wrote the settings to { $path } (only you can read it).
setup-link-ask = Make a new organiser link? An unused older one stops working. [y/N]{ " " }
# The answers that mean yes, between commas.
setup-yes = y, yes, c, co, có
setup-link =
    The one-time link for the first organiser, good for { $hours } hours. Open it on Telegram; do not pass it on:
setup-next = Done. Start the bot with: make run
setup-stopped = Stopped; nothing was changed.
