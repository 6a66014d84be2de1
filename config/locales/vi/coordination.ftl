# Nhân sự
command-invite = mời người vào vai trò
command-team = nhân sự: ai giữ vai trò gì
button-invite = Mời thêm người
button-team = Xem nhân sự
button-invite-another = Tạo đường dẫn khác
invite-offer = { $own ->
    [yes] Đường dẫn này do chính đồng chí tạo để mời <b>{ $role }</b>. Đồng chí chuyển cho đúng người giúp; bấm nhận ở đây thì đồng chí giữ vai trò này và đường dẫn hết hiệu lực.
   *[no] Kính mời đồng chí nhận vai trò <b>{ $role }</b> của { $title }.

    Đường dẫn này chỉ dùng được một lần. Nếu không phải dành cho đồng chí, xin đừng bấm nhận.
}
invite-held = Đồng chí đang giữ vai trò <b>{ $role }</b> rồi, không cần nhận lại.{ $open ->
    [yes] {" "}Đường dẫn vẫn dùng được, đồng chí chuyển cho người khác nhé.
   *[no] {""}
}
button-take-role = Nhận vai trò
invite-taken = Cảm ơn đồng chí đã nhận vai trò <b>{ $role }</b>. { $kind ->
    [unit-lead] Câu hỏi của đoàn viên, thanh niên trong đơn vị được gom sẵn ở đây; đồng chí gửi lên Ban Tổ chức { $deadline }, chỉ một lần bấm. Gần đến hạn mà chưa gửi, hệ thống sẽ nhắc.
    [duty-officer] Khi có câu hỏi cho thấy ai đó đang gặp nguy hiểm, hệ thống nhắn ngay cho đồng chí.
   *[organiser] Tiến độ, nhân sự, nhắc việc, gia hạn và danh sách câu hỏi đều ở trong danh mục.
}
team-invite-role = Mời vào vai trò nào?
team-invite-unit = Mời Bí thư của đơn vị nào? (○ là đơn vị chưa có ai)
team-unit-button = { $free ->
    [yes] ○ { $unit }
   *[no] { $unit }
}
team-link = Đường dẫn mời <b>{ $role }</b>, chuyển cho đúng người (chạm để chép):

    { $link }

    Dùng được một lần, trong 72 giờ. Lỡ gửi nhầm thì thu hồi ở mục Nhân sự.
team-title = <b>Nhân sự</b>
team-member = { $number }. { $role } – từ { $moment }{ $who ->
    [self] {" "}(đồng chí)
    [blocked] {" "}(đã chặn bot)
   *[reachable] {""}
}
team-open-link = ✉ Đường dẫn chưa dùng: { $role }, đến { $moment }
team-units-without-lead = <b>Đơn vị chưa có ai:</b> { $units }
button-revoke = Thu vai trò số { $number }
button-revoke-link = Thu hồi đường dẫn: { $role }
team-revoke-ask = Thu lại vai trò <b>{ $role }</b> (số { $number })? Người đó sẽ không dùng được các lệnh của vai trò này nữa.
button-revoke-sure = Thu vai trò
team-revoked = Đã thu vai trò.
team-link-revoked = Đã thu hồi đường dẫn.
team-gone-already = Việc này đã được làm trước đó.

# Tiến độ, nhắc việc
command-progress = tiến độ từng đơn vị
command-remind = nhắc các đơn vị chưa gửi
button-progress = Xem tiến độ
button-remind = Nhắc đơn vị chưa gửi
button-extend = Gia hạn
button-report-for = Gửi thay đơn vị
progress-title = <b>Tiến độ: { $reported }/{ $units } đơn vị đã gửi tổng hợp, { $asked } câu hỏi</b>
    Hạn: { $deadline } ({ $left })
progress-line = { $mark ->
    [done] ✓
    [late] ✗
   *[open] ·
} { $unit }: { $asked } câu – { $state }{ $held ->
    [0] {""}
   *[other] ; { $held } câu cần người xem
}{ $lead ->
    [yes] {""}
   *[no] ; <b>chưa có ai</b>
}{ $own ->
    [none] {""}
   *[other] ; hạn riêng { $own }
}
progress-reported = đã gửi { $moment }{ $late ->
    [0] {""}
   *[other] , muộn { $late } ngày
}{ $waiting ->
    [0] {""}
   *[other] , thêm { $waiting } câu mới
}
progress-late = muộn { $late } ngày
progress-not-yet = chưa gửi
remind-nobody = Không có đơn vị nào cần nhắc: đơn vị có Bí thư trong hệ thống đều đã gửi tổng hợp.
remind-ask = Nhắc <b>{ $people }</b> người của các đơn vị chưa gửi: { $units }. Ai cũng nhận lời như sau, với tên và hạn của đơn vị mình:
button-remind-now = Nhắc ngay
remind-sent = { $people ->
    [0] Không nhắc thêm ai: trong một giờ qua, mọi người đều đã nhận lời nhắc.
   *[other] { $waits_until ->
        [none] Đang gửi lời nhắc cho { $people } người.
       *[other] Lời nhắc cho { $people } người sẽ đi lúc { $waits_until }, vì bây giờ đang là giờ nghỉ.
    } Trong một giờ, mỗi người chỉ nhận một lần.
}

# Gia hạn
command-extend = gia hạn một mốc thời gian
extend-which = Gia hạn mốc nào?
extend-asking-closes = Nhận câu hỏi ({ $deadline })
extend-unit-reports-due = Đơn vị gửi tổng hợp ({ $deadline })
extend-whom = Gia hạn cho ai?
button-all-units = Tất cả đơn vị
extend-until = Hiện tại: { $deadline }. Chọn thời hạn mới, hoặc gõ ngày như { $example } (nghĩa là trước ngày { $example }) hay { $example } 17:00.
extend-day-unclear = Không hiểu ngày này. Gõ như { $example } (nghĩa là trước ngày { $example }) hoặc { $example } 17:00.
extend-why = Thời hạn mới: { $deadline }. Viết lý do trong một tin nhắn; lý do được gửi kèm cho những người liên quan.
extend-done = Thời hạn mới là { $deadline }, cho { $unit ->
    [all] tất cả đơn vị
   *[other] { $unit }
}. { $people ->
    [0] Không có ai cần báo.
   *[other] { $people } người liên quan sẽ nhận được tin, mỗi người một lần.
}
request-granted = Đã đồng ý cho { $unit } gửi { $deadline }. Hệ thống báo cho đơn vị.
request-refused = Đã từ chối đề nghị của { $unit }. Hệ thống báo cho đơn vị.

refused-moment-unfit = Thời hạn này không đặt được: phải ở phía trước, khác thời hạn cũ và trước giờ khai mạc hội nghị.
refused-request-decided = Đề nghị này đã có người trả lời, hoặc đơn vị đã thay bằng đề nghị khác.
refused-nothing-to-report = { $unit } đã gửi tổng hợp, và từ đó chưa có câu hỏi mới.
refused-unit-has-lead = { $unit } đã có Bí thư trong hệ thống, nên chỉ Bí thư gửi tổng hợp.
refused-own-role = Đồng chí không thể tự thu vai trò Ban Tổ chức của mình. Nhờ một người khác trong Ban Tổ chức.
refused-role-by-settings = Vai trò này đặt trong cấu hình của hệ thống, chỉ người vận hành đổi được.
