# What `python -m bot` says to whoever runs the program.

setup-welcome =
    Cài đặt Đối thoại. Nhấn Enter để giữ giá trị đang có; Ctrl-C để thôi.
setup-token-ask = Token của bot (@BotFather cấp; khi gõ sẽ không hiện):{ " " }
setup-token-keep = Token của bot (Enter để giữ token đang dùng; khi gõ sẽ không hiện):{ " " }
setup-token-missing =
    Chưa có token. Hãy tạo bot với @BotFather trên Telegram rồi chạy lại.
setup-token-shape =
    Đây không phải token: token gồm các chữ số, dấu hai chấm, rồi các chữ cái không dấu, chữ số, "-" và "_".
setup-token-refused = Telegram không nhận token này. Hãy chép lại token từ @BotFather rồi chạy lại.
setup-api-refused = { $base } từ chối yêu cầu: { $reason }
setup-api-unreachable =
    Không kết nối được tới { $base } ({ $reason }). Hãy kiểm tra mạng, TELEGRAM_API_BASE và TELEGRAM_PROXY.
setup-bot-found = Đã nhận ra bot @{ $username }.
setup-settings-unusable = Không dùng được cấu hình: { $reason }
setup-plans = Các kế hoạch có sẵn:
setup-plan-line = { "  " }{ $number }. { $title } ({ $path })
setup-plan-unusable = có lỗi, chưa dùng được
setup-plan-ask = Chọn kế hoạch: số thứ tự hoặc đường dẫn tới tệp (Enter để dùng { $path }):{ " " }
setup-plan-number = Không có kế hoạch số { $number }.
setup-plan-fault = Không dùng được kế hoạch { $path }: { $fault }
setup-date-ask = Ngày tổ chức hội nghị, ví dụ { $example } (Enter để giữ { $day }):{ " " }
setup-date-unusable =
    "{ $answer }" không phải ngày dùng được; hãy viết như 26/5/2027 hoặc 2027-05-26, từ năm { $first } đến năm { $last }.
setup-date-past = Lưu ý: ngày hội nghị ({ $day }) đã qua, nên bot sẽ không nhận câu hỏi nữa.
setup-plan-moved = Đã dời mọi mốc theo ngày { $day } và ghi vào { $path }.
setup-plan-kept-aside = Kế hoạch trước đó được giữ lại ở { $path }.
setup-year-left =
    Các dòng sau vẫn nhắc năm { $year }; hãy xem và sửa trong { $path }:
setup-year-left-line = { "  " }{ $key }
setup-database-unusable = Không dùng được cơ sở dữ liệu: { $reason }
setup-database-other-conference =
    Cơ sở dữ liệu này là của hội nghị { $theirs }, còn kế hoạch là của { $ours }. Mỗi hội nghị cần một cơ sở dữ liệu riêng (DATABASE_URL).
setup-database-other-program =
    Cơ sở dữ liệu này là của bản chạy thử, không dùng được với bot thật. Hãy chọn cơ sở dữ liệu khác (DATABASE_URL).
setup-files-unwritable = Không ghi được { $path }: { $reason }
setup-saved = Đã ghi cấu hình vào { $path } (chỉ mình bạn đọc được).
setup-link-ask = Tạo link ban tổ chức mới? Link cũ chưa dùng sẽ mất hiệu lực. [c/K]{ " " }
# The answers that mean yes, between commas.
setup-yes = c, co, có, y, yes
setup-link =
    Link dùng một lần cho người đầu tiên của ban tổ chức, có hiệu lực { $hours } giờ. Hãy mở trên Telegram, đừng chuyển cho người khác:
setup-next = Xong. Chạy bot bằng: make run
setup-stopped = Đã dừng, chưa thay đổi gì.
