# Xưng hô: "em" với người dưới 16 tuổi, "bạn" với mọi người khác.
address-you = { $reader ->
    [child] em
   *[youth] bạn
}

language-name = Tiếng Việt

# Ngày giờ
moment-day = { $day }/{ $month }/{ $year }
moment-before-day = trước ngày { $day }
moment-before-hour = trước { $hour } ngày { $day }
moment-at = { $hour } ngày { $day }
left-none = đã qua
left-days = còn { $days } ngày
left-hours = còn { $hours } giờ
left-minutes = còn { $minutes } phút

# Nút dùng chung
button-agree = Đồng ý
button-disagree = Không đồng ý
button-back = ‹ Quay lại
button-cancel = Hủy
button-later = Để sau
button-previous-page = ‹ Trang trước
button-next-page = Trang sau ›
button-show-all = Hiện tất cả
button-menu = Mở danh mục
button-ask = Gửi câu hỏi
button-my = Câu hỏi của tôi
button-deadline = Các mốc thời gian
button-help = Trợ giúp
button-export = Xuất danh sách
button-held = Câu hỏi cần người xem

# Lệnh (danh mục của Telegram và trang trợ giúp)
command-start = mở danh mục
command-ask = gửi câu hỏi, kiến nghị
command-my = câu hỏi của tôi đến đâu rồi
command-status = tra cứu theo mã
command-deadline = các mốc thời gian, còn bao lâu
command-privacy = dữ liệu của tôi
command-erase = xóa dữ liệu của tôi
command-language = đổi ngôn ngữ (English)
command-cancel = bỏ việc đang làm
command-help = trợ giúp
command-export = xuất danh sách câu hỏi (xlsx, csv)
command-held = câu hỏi có dấu hiệu nguy hiểm, cần người xem

role-member = đoàn viên, thanh thiếu nhi
role-organiser = Ban Tổ chức
role-duty-officer = cán bộ trực
role-of-unit = { $role } { $unit }
role-unit-lead = Bí thư

menu = <b>{ $title }</b>
    Mình nhận câu hỏi, kiến nghị và chuyển tới lãnh đạo qua { $organiser }. Hạn gửi câu hỏi: { $deadline }.{ $roles ->
        [none] {""}
       *[other] {"\u000A"}Vai trò: { $roles }.
    }

    { $You } muốn làm gì?
menu-draft = { $You } còn một câu đang viết dở. Bấm “Gửi câu hỏi” để viết tiếp nhé.

start-unit-unknown = Đường dẫn này chỉ tới một đơn vị không có trong danh sách, nên mình sẽ hỏi đơn vị của { $you }.

help = <b>{ $You } có thể dùng các lệnh sau</b>
    { $commands }

    Muốn hỏi, { $you } cứ viết câu hỏi (ít nhất { $minimum } ký tự) rồi gửi, mình sẽ dẫn từng bước.

deadline-title = <b>{ $title }</b>
deadline-opens = • Bắt đầu nhận câu hỏi: { $moment }
deadline-asking-closes = • Hạn gửi câu hỏi: <b>{ $when }</b> ({ $left })
deadline-unit-reports-due = • Các đơn vị gửi tổng hợp: { $when } ({ $left })
deadline-consolidation-due = • Tổng hợp chung: { $when } ({ $left })
deadline-conference-opens = • Hội nghị: <b>{ $when }</b> ({ $left }), tại { $venue }
deadline-conclusion-due = • Công bố kết luận: { $when } ({ $left })

language-ask = Chọn ngôn ngữ · Choose a language
language-set = Từ giờ mình nói tiếng Việt nhé.

cancelled = Đã bỏ. Khi nào cần, { $you } cứ viết cho mình.
cancelled-draft = Mình đã bỏ câu đang viết. Lời { $you } đã viết đây, phòng khi cần dùng lại:

    <blockquote>{ $text }</blockquote>
nothing-to-cancel = Không có việc gì đang làm dở. Khi nào muốn hỏi, { $you } bấm nút dưới đây nhé.

# Tin nhắn không phải chữ
content-sticker = Nhãn dán dễ thương quá, nhưng mình chỉ chuyển được chữ. { $You } viết câu hỏi bằng chữ giúp mình nhé.
content-voice = Mình chưa nghe được tin thoại. { $You } gõ thành chữ giúp mình nhé.
content-picture = Mình chưa nhận được hình ảnh. { $You } tả lại bằng chữ giúp mình nhé.
content-document = Mình chưa nhận được tệp. { $You } chép phần chữ vào đây giúp mình nhé.
content-contact = Mình không cần số điện thoại hay danh bạ của ai, và không lưu lại. { $You } viết câu hỏi bằng chữ nhé.
content-location = Mình không cần vị trí của { $you }, và không lưu lại. { $You } viết tên nơi chốn vào câu hỏi là được.
content-forwarded = Mình không nhận tin chuyển tiếp, vì đó là lời của người khác. { $You } viết bằng lời của mình nhé.
content-other = Mình chỉ đọc được chữ. { $You } viết câu hỏi bằng chữ giúp mình nhé.
content-no-words = Mình chưa thấy chữ nào trong tin này. { $You } viết câu hỏi bằng chữ giúp mình nhé.
content-caption-taken = Mình không giữ được hình hay tệp, nhưng phần chữ đi kèm thì mình đã nhận.
unknown-command = Mình không có lệnh /{ $typed }. { $meant ->
    [none] Gõ /trogiup để xem các lệnh nhé.
   *[other] Có phải { $you } muốn gõ /{ $meant } không?
}
hint-how-to-ask = Mình chưa hiểu ý { $you }. Nếu đây là câu hỏi, { $you } viết rõ hơn một chút (ít nhất { $minimum } ký tự) rồi gửi lại nhé.
group-hello = Chào mọi người. Mình chỉ nhận câu hỏi trong cuộc trò chuyện riêng, để không ai khác đọc được. Ai muốn hỏi thì bấm vào tên mình, mở trò chuyện riêng rồi gõ /hoi nhé.

# Việc chạy nền
job-started = Đang làm tệp…
job-progress = Đang làm tệp… { $percent }%
job-finished = Tệp xong rồi, ở ngay dưới đây.
job-failed = Có lỗi phía mình nên chưa làm được tệp. Thử lại sau ít phút giúp mình nhé.
fault-ours = Có lỗi phía mình nên tin vừa rồi chưa được xử lý. Lỗi đã được ghi lại. Gửi lại giúp mình nhé.
back-again = Mình vừa vắng mặt một lúc, nên nút { $you } bấm lúc đó có thể chưa tới nơi. Mình xin lỗi nhé; { $you } tiếp tục từ đây.
