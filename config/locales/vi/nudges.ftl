# Lời nhắc. Mỗi lời nhắc nói còn thiếu gì, còn bao lâu, và kèm nút để làm ngay.
nudge-unit-leads-without-report = { $is_over ->
    [yes] <b>{ $units } chưa gửi tổng hợp câu hỏi.</b> Hạn { $deadline } đã qua, nhưng đồng chí gửi lúc này vẫn được ghi nhận và đưa vào danh sách chung.
   *[no] <b>{ $units } chưa gửi tổng hợp câu hỏi.</b> Hạn gửi: { $deadline }, { $left }. Đồng chí mở ra xem rồi bấm gửi là xong; đơn vị không có câu hỏi cũng xin báo một tiếng.
}
nudge-unit-leads-with-unreviewed-questions = <b>{ $units } có câu hỏi mới, mời đồng chí xem.</b> Hạn gửi tổng hợp: { $deadline }, { $left }.
nudge-members-without-question = <b>Bạn chưa gửi câu hỏi nào cho { $title }.</b> Hạn gửi: { $deadline }, { $left }. Có điều gì bạn muốn hỏi lãnh đạo không?
nudge-organisers-with-late-units = <b>Quá hạn mà chưa gửi tổng hợp ({ $count } đơn vị):</b> { $units }. Hạn: { $deadline }.
nudge-organisers-with-units-without-lead = <b>Chưa có ai trong hệ thống ({ $count } đơn vị):</b> { $units }. Hạn gửi tổng hợp: { $deadline }, { $left }. Ban Tổ chức mời Bí thư vào, hoặc gửi thay.
button-nudge-report = Mở tổng hợp { $unit }
button-snooze = Để sáng mai
button-stop-reminders = Đừng nhắc nữa
reminders-stopped = Mình sẽ không nhắc { $you } nữa. Lúc nào muốn hỏi, { $you } cứ viết cho mình.
reminders-snoozed = Vâng, từ giờ đến { $moment } hệ thống không nhắc gì thêm.
notice-extended-asking-closes = <b>Hạn gửi câu hỏi cho { $title } nay là { $deadline }{ $unit ->
    [all] {""}
   *[other] , dành cho { $unit }
}.</b>
    Lý do: { $reason }
notice-extended-unit-reports-due = <b>Hạn gửi tổng hợp câu hỏi { $unit ->
    [all] của các đơn vị
   *[other] của { $unit }
} nay là { $deadline }.</b>
    Lý do: { $reason }
notice-extension-request = <b>{ $unit } xin gửi tổng hợp { $deadline }.</b>
    Lý do: { $reason }
button-grant = Đồng ý
button-refuse = Không đồng ý
notice-extension-refused = <b>Ban Tổ chức chưa thể lùi hạn cho { $unit }.</b> Thời hạn giữ như cũ, mong đồng chí thông cảm và gửi tổng hợp sớm.
notice-late-question = <b>{ $unit } có { $count } câu hỏi mới sau khi đã gửi tổng hợp.</b> Đồng chí bấm để đọc và gửi bổ sung.
