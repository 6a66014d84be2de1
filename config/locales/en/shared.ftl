address-you = you

language-name = English

moment-day = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
moment-before-day = before { $day }
moment-before-hour = before { $hour } on { $day }
moment-at = { $hour } on { $day }
left-none = over
left-days = { $days ->
    [one] { $days } day left
   *[other] { $days } days left
}
left-hours = { $hours ->
    [one] { $hours } hour left
   *[other] { $hours } hours left
}
left-minutes = { $minutes ->
    [one] { $minutes } minute left
   *[other] { $minutes } minutes left
}

button-agree = I agree
button-disagree = I do not agree
button-back = ‹ Back
button-cancel = Cancel
button-later = Later
button-previous-page = ‹ Previous
button-next-page = Next ›
button-show-all = Show all
button-menu = Open the menu
button-ask = Ask a question
button-my = My questions
button-deadline = Dates
button-help = Help
button-export = Export the list
button-held = Questions to look at

command-start = open the menu
command-ask = ask a question
command-my = what became of my questions
command-status = look up a code
command-deadline = dates, and how long is left
command-privacy = my data
command-erase = erase my data
command-language = change the language (Tiếng Việt)
command-cancel = give up what I am doing
command-help = help
command-export = export the questions (xlsx, csv)
command-held = questions with signs of danger, to be looked at

role-member = member
role-organiser = organiser
role-duty-officer = duty officer
role-of-unit = { $role } of { $unit }
role-unit-lead = unit lead

menu = <b>{ $title }</b>
    I take questions and recommendations to the leaders, by way of { $organiser }. To be sent { $deadline }.{ $roles ->
        [none] {""}
       *[other] {"\u000A"}Your role: { $roles }.
    }

    What would you like to do?
menu-draft = You have a question you began. Press “Ask a question” to go on with it.

start-unit-unknown = This link names a unit that is not in the list, so I will ask for yours.

help = <b>You can use these commands</b>
    { $commands }

    To ask, simply write your question (at least { $minimum } characters) and send it; I will lead you through.

deadline-title = <b>{ $title }</b>
deadline-opens = • Questions are taken from: { $moment }
deadline-asking-closes = • Send questions: <b>{ $when }</b> ({ $left })
deadline-unit-reports-due = • Units send their reports: { $when } ({ $left })
deadline-consolidation-due = • The whole list is made: { $when } ({ $left })
deadline-conference-opens = • Conference: <b>{ $when }</b> ({ $left }), { $venue }
deadline-conclusion-due = • Conclusion published: { $when } ({ $left })

language-ask = Chọn ngôn ngữ · Choose a language
language-set = From now on I speak English.

cancelled = Dropped. Write to me whenever you like.
cancelled-draft = I have dropped the question. Here are your words, should you want them again:

    <blockquote>{ $text }</blockquote>
nothing-to-cancel = Nothing is going on. When you want to ask, press the button below.

content-sticker = A lovely sticker, but I can only pass on words. Please write your question.
content-voice = I cannot listen to voice messages yet. Please type it.
content-picture = I cannot take pictures yet. Please describe it in words.
content-document = I cannot take files yet. Please copy the words in here.
content-contact = I need nobody's phone number, and keep none. Please write your question in words.
content-location = I do not need your location, and do not keep it. Just name the place in your question.
content-forwarded = I do not take forwarded messages: they are someone else's words. Please write in your own.
content-other = I can only read words. Please write your question.
content-no-words = I see no words in this message. Please write your question in words.
content-caption-taken = I cannot keep the picture or file, but I have taken the words with it.
unknown-command = I have no command /{ $typed }. { $meant ->
    [none] Type /help to see the commands.
   *[other] Did you mean /{ $meant }?
}
hint-how-to-ask = I am not sure what you mean. If this is a question, please write a little more (at least { $minimum } characters) and send it again.
group-hello = Hello. I take questions in a private chat only, so that nobody else reads them. Tap my name, open a private chat and type /ask.

job-started = Making the file…
job-progress = Making the file… { $percent }%
job-finished = The file is ready, right below.
job-failed = Something went wrong on our side and the file was not made. Please try again in a few minutes.
fault-ours = Something went wrong on our side and your last message was not handled. It has been recorded. Please send it again.
back-again = I was away for a while, so a button you pressed meanwhile may not have reached me. Sorry about that; please go on from here.
