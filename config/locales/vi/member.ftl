# Gửi câu hỏi
consent-text = Chào { $you }! Mình giúp { $you } gửi câu hỏi, kiến nghị tới <b>{ $title }</b>. Trước hết, { $you } đọc giúp mình nhé.

    <b>{ $board }</b> nhận câu hỏi của { $you } để tổng hợp cho hội nghị ngày { $day }.
    • <b>Lưu những gì:</b> đơn vị, nhóm tuổi, điều { $you } viết và mã tài khoản chat (để báo kết quả cho { $you }). Không lưu tên, không lưu số điện thoại.
    • <b>Ai đọc:</b> { $organiser } và cơ quan trả lời. Danh sách chỉ ghi tên đơn vị. Tin nhắn đi qua Telegram, máy chủ đặt ở nước ngoài.
    • <b>Bao lâu:</b> mã tài khoản được xóa sau { $days } ngày kể từ ngày hội nghị.
    • <b>Quyền của { $you }:</b> xem, sửa, xóa, rút lại đồng ý bất cứ lúc nào: gõ /dulieu hoặc /xoa.
consent-refused = Không sao cả. Mình không lưu gì của { $you }, những gì { $you } viết ở đây mình đã bỏ. Khi nào đổi ý, { $you } gõ /hoi nhé.

ask-progress = <i>Bước { $step }/{ $steps }</i>
ask-age-band = { $You } thuộc nhóm tuổi nào? Mình chỉ hỏi nhóm tuổi, không hỏi ngày sinh.
age-under-16 = Dưới 16
age-16-17 = 16–17
age-18-30 = 18–30
age-over-30 = Trên 30
age-unknown = chưa chọn
ask-child-note = Cảm ơn em. Tên em sẽ không bao giờ bị nêu ra. Em nên nói với bố mẹ hoặc thầy cô trước khi gửi nhé.
ask-unit = { $You } thuộc đơn vị nào?{ $many ->
    [yes] {" "}Gõ vài chữ để tìm nhanh, ví dụ hai chữ đầu của tên.
   *[no] {""}
}
ask-topic = { $unit }. Câu hỏi của { $you } thuộc lĩnh vực nào? Chưa rõ thì chọn mục cuối cùng.
ask-choice-not-found = Mình không tìm thấy “{ $words }” trong danh sách dưới đây.
ask-choice-many = Có nhiều kết quả quá, mình chỉ hiện { $shown }. { $You } gõ thêm vài chữ nhé.
ask-choice-gone = Mục { $you } đã chọn không còn trong danh sách. { $You } chọn lại giúp mình, câu đã viết mình vẫn giữ.
ask-press-button = { $You } bấm một trong các nút dưới đây giúp mình nhé.
ask-chosen = { $unit } · { $topic }
ask-text = { $reader ->
    [child] Em viết câu hỏi nhé. Viết như em nói là được. Đừng ghi tên, số điện thoại của ai.
   *[youth] Bạn viết câu hỏi hoặc kiến nghị nhé. Mỗi câu một ý thì dễ được trả lời hơn. Đừng ghi tên, số điện thoại của người khác.
}
ask-text-now = Câu hiện tại (tin mới sẽ thay cho câu này):

    <blockquote>{ $text }</blockquote>
ask-text-more = { $You } viết tiếp nhé.
ask-text-too-short = { $You } viết rõ hơn một chút được không? Câu hỏi cần ít nhất { $minimum } ký tự, hiện có { $length }. Viết thêm, mình sẽ nối vào.
ask-text-too-long = Câu này dài { $length } ký tự, nhiều nhất là { $maximum }. { $You } gửi lại bản ngắn hơn, hoặc tách thành nhiều câu, mỗi câu một ý.
ask-text-no-words = { $You } viết câu hỏi bằng chữ giúp mình nhé.
ask-text-joined = Mình đã nối tin mới vào câu hỏi.
ask-draft-kept = Mình đã giữ câu { $you } vừa viết, không phải gõ lại đâu.
ask-draft-edited = Mình đã sửa theo tin { $you } vừa chỉnh.
ask-draft-offered = { $You } đang viết dở một câu:

    <blockquote>{ $text }</blockquote>
button-resume = Viết tiếp câu này
button-begin-anew = Bỏ, viết câu mới
ask-confirmation = { $You } xem lại trước khi gửi nhé.
    <b>Đơn vị:</b> { $unit }
    <b>Lĩnh vực:</b> { $topic }

    <blockquote>{ $text }</blockquote>
ask-personal-found = Mình thấy có số điện thoại, số giấy tờ hoặc thư điện tử. Khi chuyển đi, phần đó sẽ được che; chỉ { $you } thấy đầy đủ. { $You } có thể sửa để bỏ ra.
ask-addendum-note = Đã hết hạn nhận câu hỏi chính thức. Câu { $you } gửi bây giờ sẽ vào danh sách bổ sung.
ask-not-open = Chưa đến lúc nhận câu hỏi. Mình giữ câu này cho { $you }; từ { $moment } { $you } bấm “Gửi” nhé.
button-send = Gửi
button-change-text = Sửa nội dung
button-change-topic = Đổi lĩnh vực
button-change-unit = Đổi đơn vị
button-drop-new-text = Bỏ đoạn mới
button-keep-new-text = Chỉ giữ đoạn mới
button-keep-text = Giữ câu hiện tại
ask-sent = Đã nhận! Mã câu hỏi của { $you }: <b>{ $code }</b>
ask-repeated = Câu này { $you } đã gửi rồi, mã vẫn là <b>{ $code }</b> ({ $unit }). Mình không ghi thành câu mới.
ask-sent-next = Tiếp theo: đơn vị xem và tổng hợp câu hỏi gửi { $deadline }, rồi các cơ quan chuẩn bị trả lời cho hội nghị ngày { $day }. { $You } sửa hoặc rút câu hỏi được cho đến khi đơn vị gửi tổng hợp. Gõ /cuatoi để xem câu hỏi đến đâu.
ask-sent-next-addendum = Câu này vào danh sách bổ sung, Ban Tổ chức sẽ xem trước hội nghị ngày { $day }. Gõ /cuatoi để xem câu hỏi đến đâu.
ask-left-today = { $left ->
    [0] Hôm nay { $you } đã gửi đủ số câu. Mai { $you } gửi tiếp nhé.
   *[other] Hôm nay { $you } còn gửi được { $left } câu.
}
button-ask-another = Gửi câu khác
button-view = Xem { $code }
ask-button-old = Nút này đã cũ rồi.
ask-already-sent = Câu này đã gửi rồi, mã là { $code }.
ask-nothing-open = Nút vừa bấm thuộc về một việc đã xong.{ $code ->
    [none] {""}
   *[other] {" "}Câu gần nhất { $you } gửi có mã { $code }.
} { $You } muốn gửi câu hỏi mới thì bấm nút dưới đây nhé.
ask-closed = { $title } đã khai mạc, nên mình không nhận câu hỏi mới nữa. { $You } vẫn xem được câu hỏi đã gửi và các mốc tiếp theo.{ $contact ->
    [blank] {""}
   *[other] {" "}Cần trao đổi thêm, { $you } liên hệ { $organiser }{ $contact }.
}
ask-closed-draft = Câu { $you } đang viết mình vẫn để đây:

    <blockquote>{ $text }</blockquote>

danger-help = <b>Nếu { $you } hoặc ai đó đang gặp nguy hiểm, { $you } gọi ngay { $hotline }</b> (miễn phí, cả ngày lẫn đêm) hoặc nói với một người lớn mà { $you } tin. { $You } không có lỗi gì cả, và không phải chịu một mình.

# Câu hỏi của tôi
my-none = { $You } chưa gửi câu hỏi nào.
my-title = <b>Câu hỏi của { $you }</b> ({ $count })
my-line = <b>{ $code }</b> · { $state }
    { $title }
my-older = … và { $count } câu cũ hơn. Gõ /tracuu kèm mã để xem.
state-submitted = đã tiếp nhận
state-held = đã tiếp nhận
state-reported = đã chuyển lên Ban Tổ chức
state-withdrawn = đã rút
question-view = <b>{ $code }</b> · { $state }
    { $unit } · { $topic }

    <blockquote>{ $text }</blockquote>
history-question-submitted = • { $moment }: đã tiếp nhận
history-question-edited = • { $moment }: { $you } sửa nội dung
history-question-withdrawn = • { $moment }: { $you } rút câu hỏi
history-question-reported = • { $moment }: đơn vị đã chuyển lên Ban Tổ chức
question-fixed-note = Đơn vị đã gửi tổng hợp nên câu này không sửa, không rút được nữa.
button-edit = Sửa
button-withdraw = Rút lại
button-leave-as-is = Giữ như cũ
edit-ask = { $You } gửi nội dung mới cho câu { $code } nhé. Nội dung hiện tại:

    <blockquote>{ $text }</blockquote>
edit-done = Đã cập nhật câu { $code }.
edit-repeats = Nội dung này trùng với câu { $code } mà { $you } đã gửi, nên mình giữ nguyên câu dưới đây.
edit-withdrawn = Câu { $code } đã rút nên không sửa được nữa. { $You } gõ /hoi để gửi câu mới nhé.
update-offer = { $You } vừa sửa tin nhắn đã thành câu { $code }. Cập nhật câu hỏi theo nội dung mới không?

    <blockquote>{ $text }</blockquote>
button-update = Cập nhật { $code }
update-left = Câu { $code } giữ như cũ.
withdraw-ask = Rút câu { $code }? Câu này sẽ không được chuyển đi nữa.

    <blockquote>{ $text }</blockquote>
button-withdraw-sure = Rút câu hỏi
withdraw-done = Đã rút câu { $code }. Lời { $you } viết vẫn ở đây, chỉ { $you } xem được.
status-ask = { $You } gõ mã câu hỏi nhé, ví dụ { $example }.

# Dữ liệu của tôi
privacy-nothing = Mình không lưu gì về { $you }.
privacy-draft = Ngoài ra có một câu đang viết dở, chưa gửi.
privacy-draft-only = Mình chỉ giữ câu { $you } đang viết dở, chưa gửi. Nếu { $you } không gửi, câu này tự xóa sau 24 giờ.
privacy-kept = <b>Mình lưu những điều này về { $you }</b>
    • Mã tài khoản chat: { $account }
    • Ngôn ngữ: { $language }
    • Nhóm tuổi: { $age }
    • Đơn vị chọn gần nhất: { $unit }
    • Đồng ý lúc: { $consent } (bản { $version })
    • Vai trò: { $roles }
    • Số câu hỏi đã gửi: { $questions }

    Không có tên, không có số điện thoại. Mã tài khoản được xóa sau { $days } ngày kể từ ngày hội nghị.
button-my-data = Tải về thành tệp
button-erase = Xóa dữ liệu của tôi
erase-ask = <b>Xóa mọi dữ liệu của { $you }?</b>
    • Câu hỏi chưa chuyển lên Ban Tổ chức: xóa hẳn.
    • Câu hỏi đã chuyển lên: ở lại với tên “một đoàn viên”, không còn nối với { $you }.
    • Mọi thứ khác (tài khoản, câu viết dở): xóa hẳn.

    Việc này không hoàn tác được.
button-erase-sure = Xóa
button-keep = Giữ lại
erase-done = Đã xóa mọi dữ liệu của { $you }.{ $deleted ->
    [0] {""}
   *[other] {" "}{ $deleted } câu hỏi đã xóa hẳn.
}{ $kept ->
    [0] {""}
   *[other] {" "}{ $kept } câu đã chuyển lên vẫn còn, nhưng không nối với { $you } nữa.
} Khi nào muốn hỏi lại, { $you } gõ /hoi nhé.
erase-nothing = Mình không còn giữ gì của { $you } nữa. Khi nào muốn hỏi, { $you } gõ /hoi nhé.
