refused-not-allowed = This is for people with another role. Type /help to see what you can do.
refused-daily-limit = You have sent { $limit } questions today. I keep this one; press “Send” tomorrow.
refused-asking-closed = Questions cannot be sent at this moment. I keep what you wrote. Type /deadline for the dates.
refused-question-unknown = I find no question of yours with this code. Please check the code, or type /my.
refused-question-fixed = Your unit has reported, so { $code } can no longer be changed or withdrawn.
refused-choice-gone = This unit or topic is no longer in the list. Please choose again; your words are kept.
refused-invite-invalid = This invitation cannot be used: it may have been used, expired or revoked. Please ask the organiser for a new one.
refused-text-too-short = Could you write a little more? A question needs at least { $minimum } characters; there are { $length }.
refused-text-too-long = This has { $length } characters; the most is { $maximum }. Please send a shorter one.
refused-text-no-words = Please write your question in words.
refused-list-word = “{ $word }” is not understood. Example: /export xlsx unit=CODE topic=8 since=10/5
refused-list-unit = There is no unit “{ $word }”. Give its name or code without spaces (use hyphens).
refused-list-topic = There is no topic “{ $word }”. Give its number or code.
refused-list-state = There is no state “{ $word }”. Use submitted or reported.
refused-list-since = “{ $word }” is no date. Write 10/5, 10/5/2022 or 2022-05-10.
refused-held-gone = { $code } is no longer there: its author has erased their data.
