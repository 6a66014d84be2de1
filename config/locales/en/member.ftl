consent-text = Hello! I help you put a question or recommendation to <b>{ $title }</b>. First, please read this.

    <b>{ $board }</b> takes your question to make the list for the conference on { $day }.
    • <b>What is kept:</b> your unit, your age band, what you write, and your chat account's number (to tell you the outcome). No name, no phone number.
    • <b>Who reads it:</b> { $organiser } and whoever answers. The list names units only. Messages travel through Telegram, whose servers are abroad.
    • <b>How long:</b> the account number is erased { $days } days after the conference.
    • <b>Your rights:</b> see, change, erase, withdraw this consent at any time: /privacy or /erase.
consent-refused = That is fine. I keep nothing of yours, and what you wrote here is gone. If you change your mind, type /ask.

ask-progress = <i>Step { $step } of { $steps }</i>
ask-age-band = Which age band are you in? I ask for the band only, never for a birth date.
age-under-16 = Under 16
age-16-17 = 16–17
age-18-30 = 18–30
age-over-30 = Over 30
age-unknown = not chosen
ask-child-note = Thank you. Your name will never be mentioned. It is a good idea to tell your parents or a teacher before you send.
ask-unit = Which unit do you belong to?{ $many ->
    [yes] {" "}Type a few letters to find it.
   *[no] {""}
}
ask-topic = { $unit }. Which topic is your question about? If unsure, choose the last one.
ask-choice-not-found = I found no “{ $words }” in the list below.
ask-choice-many = That fits too many; here are { $shown }. Please type a few more letters.
ask-choice-gone = What you had chosen is no longer in the list. Please choose again; your words are kept.
ask-press-button = Please press one of the buttons below.
ask-chosen = { $unit } · { $topic }
ask-text = { $reader ->
    [child] Write your question, just as you would say it. Please leave out names and phone numbers.
   *[youth] Write your question or recommendation. One matter at a time is easier to answer. Please leave out other people's names and phone numbers.
}
ask-text-now = The question as it stands (your next message takes its place):

    <blockquote>{ $text }</blockquote>
ask-text-more = Please go on.
ask-text-too-short = Could you write a little more? A question needs at least { $minimum } characters; there are { $length }. What you add is joined on.
ask-text-too-long = This has { $length } characters; the most is { $maximum }. Please send a shorter one, or several questions with one matter each.
ask-text-no-words = Please write your question in words.
ask-text-joined = I have joined your new message to the question.
ask-draft-kept = I have kept what you wrote; you need not type it again.
ask-draft-edited = I have changed it as you edited your message.
ask-draft-offered = You began a question:

    <blockquote>{ $text }</blockquote>
button-resume = Go on with it
button-begin-anew = Drop it, write a new one
ask-confirmation = Please look once more before sending.
    <b>Unit:</b> { $unit }
    <b>Topic:</b> { $topic }

    <blockquote>{ $text }</blockquote>
ask-personal-found = I see a phone number, an identity number or an e-mail address. It will be covered when passed on; only you see it whole. You can also take it out.
ask-addendum-note = The time for questions is over. What you send now goes into an addendum.
ask-not-open = Questions are not taken yet. I keep this one for you; press “Send” from { $moment }.
button-send = Send
button-change-text = Change the words
button-change-topic = Change topic
button-change-unit = Change unit
button-drop-new-text = Drop the new part
button-keep-new-text = Keep the new part only
button-keep-text = Keep it as it is
ask-sent = Received! The code of your question: <b>{ $code }</b>
ask-repeated = You have sent this before; its code is still <b>{ $code }</b> ({ $unit }). It was not counted again.
ask-sent-next = Next: your unit looks at the questions sent { $deadline } and hands them up, then the departments prepare answers for the conference on { $day }. You can change or withdraw it until your unit has reported. Type /my to see where it is.
ask-sent-next-addendum = It goes into the addendum, which the organiser reads before the conference on { $day }. Type /my to see where it is.
ask-left-today = { $left ->
    [0] You have sent all of today's questions. Please go on tomorrow.
    [one] You can send { $left } more today.
   *[other] You can send { $left } more today.
}
button-ask-another = Ask another
button-view = View { $code }
ask-button-old = This button is an old one.
ask-already-sent = This is sent already; its code is { $code }.
ask-nothing-open = That button belonged to something that is finished.{ $code ->
    [none] {""}
   *[other] {" "}The last question you sent is { $code }.
} To ask a new question, press the button below.
ask-closed = { $title } has opened, so no new questions are taken. You can still see your questions and the next dates.{ $contact ->
    [blank] {""}
   *[other] {" "}For anything else, write to { $organiser }{ $contact }.
}
ask-closed-draft = Here is what you were writing:

    <blockquote>{ $text }</blockquote>

danger-help = <b>If you or someone else is in danger, call { $hotline } now</b> (free, day and night), or tell a grown-up you trust. It is not your fault, and you are not alone.

my-none = You have not sent a question yet.
my-title = <b>Your questions</b> ({ $count })
my-line = <b>{ $code }</b> · { $state }
    { $title }
my-older = … and { $count } older ones. Type /status and the code to see one.
state-submitted = received
state-held = received
state-reported = handed up to the organiser
state-withdrawn = withdrawn
question-view = <b>{ $code }</b> · { $state }
    { $unit } · { $topic }

    <blockquote>{ $text }</blockquote>
history-question-submitted = • { $moment }: received
history-question-edited = • { $moment }: you changed the words
history-question-withdrawn = • { $moment }: you withdrew it
history-question-reported = • { $moment }: your unit handed it up
question-fixed-note = Your unit has reported, so this can no longer be changed or withdrawn.
button-edit = Change
button-withdraw = Withdraw
button-leave-as-is = Leave it as it is
edit-ask = Please send the new words for { $code }. The present ones:

    <blockquote>{ $text }</blockquote>
edit-done = { $code } is updated.
edit-repeats = These are the words of { $code }, which you have sent before, so the one below stays as it was.
edit-withdrawn = { $code } was withdrawn and can no longer be changed. Type /ask to send a new one.
update-offer = You edited the message that became { $code }. Update the question to these words?

    <blockquote>{ $text }</blockquote>
button-update = Update { $code }
update-left = { $code } stays as it was.
withdraw-ask = Withdraw { $code }? It will not be passed on.

    <blockquote>{ $text }</blockquote>
button-withdraw-sure = Withdraw it
withdraw-done = { $code } is withdrawn. Your words stay here, for you alone.
status-ask = Please type the question's code, for example { $example }.

privacy-nothing = I keep nothing about you.
privacy-draft = Besides, there is a question you began and have not sent.
privacy-draft-only = I keep only the question you began and have not sent. Unless you send it, it is erased after 24 hours.
privacy-kept = <b>This is what I keep about you</b>
    • Chat account number: { $account }
    • Language: { $language }
    • Age band: { $age }
    • Unit last chosen: { $unit }
    • Consent given: { $consent } (version { $version })
    • Roles: { $roles }
    • Questions sent: { $questions }

    No name, no phone number. The account number is erased { $days } days after the conference.
button-my-data = Get it as a file
button-erase = Erase my data
erase-ask = <b>Erase all your data?</b>
    • Questions not handed up yet: erased.
    • Questions handed up: stay as “a member”, no longer linked to you.
    • Everything else (account, drafts): erased.

    This cannot be undone.
button-erase-sure = Erase
button-keep = Keep
erase-done = All your data is erased.{ $deleted ->
    [0] {""}
    [one] {" "}{ $deleted } question is gone.
   *[other] {" "}{ $deleted } questions are gone.
}{ $kept ->
    [0] {""}
    [one] {" "}{ $kept } that was handed up stays, no longer linked to you.
   *[other] {" "}{ $kept } that were handed up stay, no longer linked to you.
} To ask again, type /ask.
erase-nothing = I keep nothing of yours any more. To ask, type /ask.
