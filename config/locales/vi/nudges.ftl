# Lời nhắc. Mỗi lời nhắc nói còn thiếu gì, còn bao lâu, và kèm nút để làm ngay.
nudge-unit-leads-without-report = { $is_over ->
    [yes] <b>{ $units } chưa gửi tổng hợp câu hỏi.</b> Hạn là { $deadline }, nay đã qua; đồng chí gửi ngay lúc này vẫn kịp đưa vào danh sách chung.
   *[no] <b>{ $units } chưa gửi tổng hợp câu hỏi.</b> Hạn gửi: { $deadline }, { $left }. Nếu không có câu hỏi nào, đồng chí bấm một nút để báo là xong.
}
nudge-unit-leads-with-unreviewed-questions = <b>{ $units } có câu hỏi đang chờ đồng chí xem.</b> Hạn gửi tổng hợp: { $deadline }, { $left }.
nudge-members-without-question = <b>Bạn chưa gửi câu hỏi nào cho { $title }.</b> Hạn gửi: { $deadline }, { $left }. Bạn có điều gì muốn hỏi lãnh đạo không?
nudge-organisers-with-late-units = <b>Đơn vị chưa gửi tổng hợp dù đã quá hạn ({ $deadline }):</b> { $units }.
nudge-organisers-with-units-without-lead = <b>Đơn vị chưa có ai trong hệ thống:</b> { $units }. Hạn gửi tổng hợp: { $deadline }, { $left }. Ban Tổ chức có thể mời Bí thư, hoặc gửi thay.
button-nudge-report = Gửi tổng hợp { $unit }
button-snooze = Để sáng mai
button-stop-reminders = Đừng nhắc nữa
reminders-stopped = Mình sẽ không nhắc { $you } nữa. Lúc nào muốn hỏi, { $you } cứ viết cho mình.
reminders-snoozed = Đã rõ. Từ giờ đến { $moment } sẽ không có lời nhắc nào.
notice-extended-asking-closes = <b>Gia hạn nhận câu hỏi cho { $title }:</b> { $deadline }. Lý do: { $reason }
notice-extended-unit-reports-due = <b>Gia hạn gửi tổng hợp câu hỏi của đơn vị:</b> { $deadline }. Lý do: { $reason }
notice-extension-request = <b>{ $unit } xin thêm thời gian gửi tổng hợp:</b> { $deadline }. Lý do: { $reason }
button-grant = Đồng ý
button-refuse = Không đồng ý
notice-extension-refused = Ban Tổ chức chưa thể gia hạn cho { $unit }. Thời hạn giữ như cũ.
