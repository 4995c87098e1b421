# Что говорит командная строка. В английском каталоге те же ключи.

priority-critical = КРИТИЧЕСКИЙ
priority-high = ВЫСОКИЙ
priority-medium = СРЕДНИЙ
priority-low = НИЗКИЙ
impact-service-down = сервис не работает
impact-service-intermittent = сервис отключается
impact-several-workstations = несколько рабочих мест
impact-one-workstation = одно рабочее место
category-channel-failure = не работает канал
category-audio-quality = плохая слышимость
category-sign-in = проблемы со входом
category-disconnects = периодическое отключение
category-other = другое
channel-calls = звонки
channel-email = e-mail
channel-chat = чат
platform-v3 = 3.x
platform-v5 = 5.x
ticket-state-new = новый
ticket-state-in-progress = в работе
ticket-state-waiting-for-customer = ждём клиента
ticket-state-resolved = решён
ticket-state-closed = закрыт
ticket-state-merged = объединён
origin-grpc = контракт
origin-console = консоль
origin-email = почта
origin-phone = телефон
origin-import = импорт
visibility-public = открытое
visibility-internal = внутреннее
log-kind-agentdesktop = agentdesktop
log-kind-softphone-link = softphone-link
log-kind-bpclient = bpclient
log-kind-browser-host = лог браузера
log-kind-other = другой
missing-fact-occur-time = время появления
missing-fact-category = тип проблемы
missing-fact-channels = неработающие каналы
missing-fact-workstations = рабочие места
missing-fact-requested-priority = желаемый приоритет
missing-fact-platform = платформа
missing-fact-log-agentdesktop = лог agentdesktop
missing-fact-log-softphone-link = лог softphone-link
missing-fact-log-bpclient = лог bpclient
missing-fact-log-browser-host = лог браузера (host)
clock-kind-first-response = первый ответ
clock-kind-resolution = решение
clock-state-running = идёт
clock-state-paused = на паузе
clock-state-met = выполнено
clock-state-continuous = непрерывно
clock-state-stopped = остановлено
breach-cause-delay = задержка
breach-cause-reclassification = смена приоритета
breach-cause-policy = смена политики
actor-kind-agent = сотрудник
actor-kind-contact = контактное лицо
actor-kind-integration = интеграция
actor-kind-system = система
actor-kind-importer = импорт
link-kind-related = связан с
link-kind-child-of-incident = часть массовой проблемы
link-kind-follows-closed = продолжает
link-kind-incident-of = массовая проблема для
suggestion-kind-several-workstations = несколько рабочих мест
suggestion-kind-incident = массовая проблема
stretch-reason-open = считается
stretch-reason-closed = нерабочее время
stretch-reason-holiday = праздник
stretch-reason-paused = ждали клиента
stretch-reason-merged = был объединён
stretch-reason-resolved = был решён
stretch-reason-set-aside = отложено

unit-days = д
unit-hours = ч
unit-minutes = мин
unit-seconds = с
time-in = через { $span }
time-ago = { $span } назад
time-over = просрочено на { $span }
yes = да
no = нет
nobody = никто

clock-due = { $relative } ({ $time })
clock-breached = нарушено { $time } ({ $span } назад, { $cause })
clock-paused = на паузе, осталось { $span }
clock-met = выполнено { $time }
clock-met-late = выполнено с опозданием { $time }, нарушено { $breached }
clock-continuous = непрерывно, { $span }
clock-continuous-due = непрерывно, { $span }; прежний срок { $time }
clock-stopped = остановлено
due-response = ответ { $relative }
due-resolution = решение { $relative }
due-paused = пауза, осталось { $span }

head-number = №
head-priority = Приоритет
head-state = Состояние
head-subject = Тема
head-organisation = Организация
head-assignee = Исполнитель
head-due = Срок
head-id = Имя
head-name = Название
head-email = E-mail
head-phone = Телефон
head-zone = Часовой пояс
head-platform = Платформа
head-policy = Политика
head-language = Язык
head-revision = Ревизия
head-time = Время
head-actor = Кто
head-what = Что
head-file = Файл
head-size = Размер
head-kind = Вид
head-nearest = Ближайший
head-from = С
head-to = По
head-length = Длительность
head-reason = Почему
head-first-response = Первый ответ
head-resolution = Решение
head-target = Норматив
head-started = Начало
head-tickets = Запросы
head-suggestion = Предположение
head-category = Тип проблемы
head-calendar = Календарь

field-state = Состояние
field-priority = Приоритет
field-impact = Характер
field-requested = Просили
field-unassessed = не оценён
field-category = Тип
field-channels = Каналы
field-platform = Платформа
field-organisation = Организация
field-reporter = Сообщил
field-assignee = Исполнитель
field-occurred = Появилось
field-workstations = Рабочие места
field-checklist = Проверено
field-missing = Не хватает
field-tags = Метки
field-external = Внешний номер
field-origin = Поступил через
field-escalation = Эскалация
field-incident = Массовая проблема
field-merged-parts = Объединены с ним
field-merged-into = Объединён с
field-links = Связи
field-created = Создан
field-updated = Изменён
field-resolved = Решён
field-counts = Содержит
field-importing = Импорт
field-archived = В архиве
field-etag = Etag
importing = не закончен: часы ждут `opora finish-import`
rung = ступень { $rung } с { $since }: { $reason }
counts = { $comments ->
    [one] { $comments } сообщение
    [few] { $comments } сообщения
   *[other] { $comments } сообщений
}, { $files ->
    [one] { $files } файл
    [few] { $files } файла
   *[other] { $files } файлов
}
priority-mismatch = { $asked } (не совпадает)

total-tickets = { $count ->
    [one] Всего: { $count } запрос
    [few] Всего: { $count } запроса
   *[other] Всего: { $count } запросов
}
more-tickets = Есть ещё: --all покажет все, или продолжите с --page-token { $token }
nothing-suggested = Предположений нет.
more-suggestions = { $count ->
    [one] И ещё { $count } предположение.
    [few] И ещё { $count } предположения.
   *[many] И ещё { $count } предположений.
}
from-ticket = из { $ticket }
nothing-found = Ничего не найдено.
no-tickets = Подходящих запросов нет.

done-created = { $ticket } создан: { $priority }, первый ответ { $response }, решение { $resolution }.
done-updated = { $ticket } изменён.
done-reprioritised = { $ticket } теперь { $priority }: первый ответ { $response }, решение { $resolution }.
done-escalated = { $ticket } теперь на ступени { $rung } ({ $whom }).
done-escalated-later = { $ticket } теперь на ступени { $rung } ({ $whom }); будет на связи { $time }. Если это поздно, переходите на следующую ступень.
done-escalated-untold = Opora никому не сообщает: позвоните или напишите сами.
done-escalated-reach = Opora никому не сообщает: свяжитесь сами, { $reach }.
done-deescalated = { $ticket } теперь на ступени { $rung }.
done-deescalated-off = { $ticket } снят с эскалации.
done-assigned = { $ticket }: исполнитель теперь { $assignee }.
done-unassigned = { $ticket } теперь без исполнителя.
done-commented = { $ticket }: сообщение записано ({ $visibility }).
done-commented-new = Запрос был закрыт: сообщение начало { $ticket }.
done-commented-target = { $asked } объединён с { $ticket }: сообщение ушло туда.
done-transitioned = { $ticket } теперь: { $state }.
done-merged = { $ticket } теперь часть { $target }.
done-unmerged = { $ticket } снова отдельный запрос: { $state }.
done-linked = { $ticket } и { $target } связаны.
done-unlinked = { $ticket } и { $target } больше не связаны.
done-registered = Добавлено: { $name }.
done-edited = Изменено: { $name }.
done-attached = { $file } приложен к { $ticket } ({ $kind }).
done-downloaded = { $file } записан, байт: { $size }, проверен.
done-import-finished = { $count ->
    [0] Ни один запрос этого не ждал.
    [one] Часы { $count } запроса пошли.
   *[other] Часы { $count } запросов пошли.
}
still-missing = Ещё не хватает: { $facts }.

preview-title = Что значил бы каждый приоритет для { $ticket }:
preview-current = { $priority } (сейчас)
explain-title = { $clock }, { $ticket }
explain-elapsed = Израсходовано { $span } из { $target }; { $state }.
explain-elapsed-continuous = Израсходовано { $span }, норматива нет; { $state }.
explain-calendar = Календарь { $calendar }, { $zone }
explain-truncated = Показаны первые 10 000 отрезков.
explain-obligations = Обязательства:
obligation-shown = показано
obligation-set-aside = отложено
continuous = непрерывно
comments-title = Сообщения
watch-gone = Сервер пропал; ждём его на ревизии { $revision }.
watch-back = Сервер снова на связи.
watch-left = (ушёл из выборки)

event-created = создан: { $priority }, { $subject }
event-created-follows = создан, продолжает { $ticket }
event-updated = изменено: { $fields }
event-assigned = исполнитель { $assignee }
event-unassigned = снят исполнитель { $assignee }
event-reprioritised = приоритет { $from } → { $to }
event-escalated = эскалация на ступень { $rung } ({ $whom })
event-deescalated = спущен на ступень { $rung }
event-transitioned = { $from } → { $to }
event-commented = { $visibility } сообщение: { $body }
event-merged = { $source } объединён с { $target }
event-unmerged = { $source } отделён от { $target }
event-linked = связь: { $kind } { $ticket }
event-unlinked = связь с { $ticket } снята
event-attached = файл { $file } ({ $kind })
event-sla-warned = { $clock }: израсходовано { $percent } %, срок { $time }
event-sla-breached = { $clock }: НАРУШЕНО { $time } ({ $cause })
event-sla-neglected = без внимания с { $time }
event-policy = политика { $from } → { $to }
event-undone = отменена ревизия { $revision }
event-clocks-recomputed = сроки пересчитаны после обновления; было: первый ответ до { $response }, решение до { $resolution }
event-import-finished = импорт закончен
event-unknown = событие, которого эта версия opora не знает

error-unreachable = Сервер { $server } недоступен: { $cause }
hint-unreachable = Запущен ли он? Запустите `opora serve --data DIR` или укажите другой через --server или OPORA_SERVER.
hint-unsent = Ничего не отправлено.
error-lost = Ответ от сервера { $server } не пришёл: изменение могло произойти.
hint-lost = Повторите так, и ничего не будет сделано дважды:
hint-lost-input = Повторите так, с тем же текстом на стандартном вводе, и ничего не будет сделано дважды:
error-late = Сервер { $server } не ответил вовремя.
hint-late = Повторите чуть позже или дайте больше времени через --timeout.
health-serving = { $server } принимает вызовы.
health-not-serving = { $server } отвечает, но вызовов не принимает: запускается, останавливается или отказало хранилище. Подробности в его журнале.
health-live = { $server } отвечает, но вызовов не принимает.
health-unknown-service = Службы `{ $service }` нет. Без --service спрашивается сервер в целом.
hint-try-again = Это пройдёт само: повторите чуть позже.
hint-deadline = Изменение могло произойти: проверьте, прежде чем повторять, или дайте больше времени через --timeout.
hint-etag = Кто-то успел изменить: посмотрите `opora ticket show` и повторите.
hint-unseen = Сначала прочтите новое сообщение: `opora ticket show`.
hint-allowed = Отсюда можно: { $allowed }.
hint-not-found = `opora ticket list` покажет, что есть.
hint-resource-not-found = Сначала добавьте: `opora org|contact|agent add`.
hint-import = Прошлые времена принимаются, только если импорт разрешён (OPORA_IMPORTING_ALLOWED=true).
hint-disk = Освободите место на диске сервера; чтение пока работает.
hint-operator = Тот, кто обслуживает сервер, должен посмотреть его журнал.
hint-filter = Язык фильтров описан в docs/filter.md; заключите фильтр в кавычки.
hint-request-id = Не указывайте --request-id или возьмите новый.
error-bug = Это ошибка в самой opora: { $detail }
hint-bug = Сообщите о ней, указав версию ({ $version }) и свои действия. RUST_BACKTRACE=1 покажет больше.
error-io = { $what }: { $cause }

system-not-found = нет такого файла или каталога
system-permission-denied = нет прав
system-connection-refused = в соединении отказано
system-connection-reset = соединение разорвано другой стороной
system-connection-aborted = соединение оборвалось
system-host-unreachable = к узлу нет маршрута
system-network-unreachable = сеть недоступна
system-timed-out = истекло время ожидания
system-address-in-use = адрес уже занят
system-address-not-available = такого адреса на этой машине нет
system-already-exists = такой файл уже есть
system-not-a-directory = это не каталог
system-is-a-directory = это каталог
system-directory-not-empty = каталог не пуст
system-read-only = файловая система только для чтения
system-storage-full = на диске нет места
system-quota-exceeded = исчерпана квота на диске
system-file-too-large = файл слишком велик
system-invalid-filename = такое имя файла невозможно
system-unknown-name = такое имя узла не найдено
system-numbered = { $word } (ошибка системы { $number })
io-stdout = стандартный вывод
io-stdin = стандартный ввод
io-starting = запуск
io-demo-log = журнал демонстрации
io-temporary = временный каталог
io-demo-directory = каталог демонстрации
serve-bind = на { $address } нельзя принимать соединения: { $cause }
serve-degraded = { $data } повреждён и открыт только для чтения (--degraded): не читается ревизий: { $revisions }; менять ничего нельзя, проверка здоровья отвечает NOT_SERVING; см. `opora check`
serve-accepted = { $data } пущен в дело как копия (--accept-restored): это теперь другое хранилище, ревизии идут дальше с { $revision }; впредь запускайте без этого параметра
serve-dry-run = Открытых запросов: { $open }. Запросов, сроки которых при запуске будут пересчитаны (у каждого появится событие об этом): { $recomputed }. Ничего не изменено.
serve-failed = хранилище отказало: { $detail }

error-me = Для --me нужно знать, кто вы: укажите --as или OPORA_ACTOR.
error-empty-message = Отправлять нечего: текст пуст.
error-nothing-to-change = Не указано, что менять: см. --help.

import-reading = Чтение { $file }
rename-renamed = Название: { $before } → { $after }
rename-registered = Заведено: { $name }
rename-contacts = Сотрудников: { $count }
rename-tickets = Запросов: { $count }
rename-more = … и ещё { $count }
rename-merged = Оставлены как есть, так как объединены с другими (opora ticket unmerge): { $count }
rename-refused = Отказано: { $count }
rename-dry-run = Пробный прогон: ничего не изменено.
rename-filter-alone = --filter говорит, какие запросы переходят: укажите и --to или переименуйте без него
rename-same = --to называет того же заказчика: укажите другого или переименуйте этого без --to
rename-unknown = сервер не знает { $name }: укажите и --name, и он будет заведён
import-sending = Импорт
import-planned = { $tickets ->
    [one] { $tickets } запрос
    [few] { $tickets } запроса
   *[other] { $tickets } запросов
}, { $rows ->
    [one] { $rows } строка
    [few] { $rows } строки
   *[other] { $rows } строк
}.
import-dry-run = Пробный прогон: ничего не отправлено.
import-created = Создано: { $count }
import-changed = Изменений: { $count }
import-skipped = Уже было: { $count }
import-refused = Отказано: { $count }
import-notes = Нельзя было повторить как есть: { $count }
import-rejects = Отвергнутые строки с номерами и причинами — в { $file }.
import-kept-open = Импорт оставлен открытым: часы ждут `opora finish-import`.
import-line = строка { $line }: { $reason }
import-no-toml = строка { $line }, столбец { $column }: это не TOML: `{ $text }`
import-wrong-kind = строка { $line }, столбец { $column }: здесь нужно значение другого вида: `{ $text }`
import-no-key = нет ключа `{ $key }`; похоже на `{ $nearest }`
import-missing-key = не хватает `{ $key }`
import-no-utf8 = с байта { $byte } не текст в UTF-8
import-no-utf8-in = `{ $column }` — не текст в UTF-8
import-no-json = с символа { $column } это не JSON
import-cut-json = JSON не закончен
import-no-object = не объект JSON
import-bad-time = времени `{ $time }` нет ни в одном календаре
import-other-ticket = внешний номер `{ $id }` уже у другого запроса, { $ticket }: задайте этому импорту свой external_id_prefix
import-no-field = нет поля `{ $field }`; похоже на `{ $nearest }`
import-no-zone = нет часового пояса `{ $zone }`
import-no-word = `{ $word }` — не `{ $field }` контракта: задайте ему значение в [values.{ $field }]
import-no-subject = `subject` должно браться из столбца, шаблона или постоянной
import-no-column = в { $file } нет столбца `{ $column }`
import-length = значений: { $values }, столбцов: { $columns }
import-no-id = `{ $column }` не заполнен
import-empty-subject = тема пуста
import-far-time = `{ $text }` прочиталось как { $time }, а время вне { $from }–{ $to } годов не принимается: проверьте time_formats и `years` сопоставления
import-years = years = [{ $from }, { $to }]: принимается время с { $first } по { $last } год; укажите первый и последний из тех, что могут быть в файле
import-no-time = `{ $time }` — не время ни в одном из форматов сопоставления
import-no-creation = не известны ни create_time, ни update_time
import-left-out = остальные строки { $id } пропущены вместе с ней
import-played = { $told } проиграно как { $played }: дальше оттуда пути нет
import-long-name = `{ $field }` длиннее { $most } знаков
import-broken-name = в `{ $field }` есть управляющий символ или перевод строки
import-none-called = в `{ $collection }` нет записи с названием `{ $name }`: заведите её, поручите это файлу соответствий (register_missing = true) или напишите `{ $collection }/ID`
import-no-way = нет пути из { $from } в { $to }
import-stands = запрос в состоянии { $found }, а не { $wanted }

demo-preparing = Готовим сервер с выдуманными запросами: { $count }
demo-ready = Демонстрационный сервер: { $server } — запросы выдуманы.
demo-connect = Подключиться:  opora console --server { $server } --as olga
demo-or = или:           opora ticket list --server { $server }
demo-stop = Ctrl-C завершит его и удалит его каталог.
demo-log = Журнал сервера: { $file }
demo-ended = Демонстрация закончена; каталог удалён.
demo-failed = Демонстрационный сервер отказал: { $cause }
check-clean = { $data }: всё в порядке.
check-found = { $count ->
    [one] Найдена { $count } неисправность в { $data }.
    [few] Найдено { $count } неисправности в { $data }.
   *[other] Найдено { $count } неисправностей в { $data }.
}
check-harmless = замечание: { $path }: { $what }
check-repairable = неисправно: { $path }: { $what }
check-lost = УТРАЧЕНО: { $path }: { $what }
check-read = Прочитано: записей { $commits }, запросов { $tickets }, вложений { $files }.
check-staged = { $count ->
    [one] Не закончена { $count } передача файла (байт: { $bytes }): работающий сервер прекращает её через `staging_age`.
    [few] Не закончены { $count } передачи файлов (байт: { $bytes }): работающий сервер прекращает их через `staging_age`.
   *[other] Не закончено { $count } передач файлов (байт: { $bytes }): работающий сервер прекращает их через `staging_age`.
}
check-unreferenced = { $count ->
    [one] На { $count } файл в blobs/kept (байт: { $bytes }) не ссылается ни один запрос: сервер удалит его при запуске, а после --accept-restored — когда он станет старше `staging_age`.
    [few] На { $count } файла в blobs/kept (байт: { $bytes }) не ссылается ни один запрос: сервер удалит их при запуске, а после --accept-restored — когда они станут старше `staging_age`.
   *[other] На { $count } файлов в blobs/kept (байт: { $bytes }) не ссылается ни один запрос: сервер удалит их при запуске, а после --accept-restored — когда они станут старше `staging_age`.
}
check-parts = { $count ->
    [one] { $count } файл в blobs/kept (байт: { $bytes }) не дописан до конца: сервер удалит его при запуске, а после --accept-restored — когда он станет старше `staging_age`.
    [few] { $count } файла в blobs/kept (байт: { $bytes }) не дописаны до конца: сервер удалит их при запуске, а после --accept-restored — когда они станут старше `staging_age`.
   *[other] { $count } файлов в blobs/kept (байт: { $bytes }) не дописаны до конца: сервер удалит их при запуске, а после --accept-restored — когда они станут старше `staging_age`.
}
check-repaired = Представление построено заново.
check-stage-journal = журнал, ревизия { $revision }
check-stage-view = представление
check-stage-attachments = вложения
check-stage-rebuild = представление строится заново
check-more = { $what }; есть и ещё такие
check-revisions-missing = перед ним не хватает ревизий с { $first } по { $last }
check-segment-unreadable = не читается ни одна его ревизия, начиная с { $from }: { $detail }
check-header-damaged = заголовок повреждён
check-header-newer = записан более новой версией opora (формат сегмента { $version })
check-header-foreign = принадлежит хранилищу { $uid }
check-header-misnamed = начинается с ревизии { $revision }, а не с той, что в его имени
check-frame-damaged = ревизия { $revision } не сходится со своей контрольной суммой
check-seal-missing = нет печати; следующий запуск её поставит
check-seal-broken = содержимое не сходится с хешем печати
check-seal-unchained = печать не называет предыдущую
check-not-understood = ревизия { $revision } не разбирается: { $detail }
check-event-unchained = ревизия { $revision } не называет ревизию { $before } предыдущей для { $number }
check-journal-behind = кончается на ревизии { $newest }, а `{ $witness }` говорит, что ревизия { $acknowledged } подтверждена: он старше остальных файлов, или пропали его последние файлы
check-journal-gone = его нет, или он пуст, а `state` говорит, что журнал был
check-not-opened = сервер с ним не запустится: { $detail }
check-view-not-read = не прочитано: не удалось сделать копию ({ $detail })
check-view-missing = представления нет; следующий запуск его построит
check-view-unreadable = не читается: { $detail }
check-view-ahead = стоит на ревизии { $view }, а журнал кончается на { $journal }
check-view-behind = стоит на ревизии { $view } из { $journal }; следующий запуск наверстает
check-ticket-wrong = { $number } нет, он повреждён или не такой, как в ревизии { $revision }
check-ticket-beyond = содержит { $number }, которого нет в журнале
check-request-wrong = обращения ревизии { $revision } нет, или оно повреждено
check-key-wrong = ключа `{ $index }`, по которому находится { $number }, нет, или он повреждён
check-keys-beyond = ключей, по которым находятся заявки: { $view }, а в журнале { $journal }
check-attachment-missing = вложения { $number } нет
check-attachment-damaged = вложение { $number } не сходится со своим хешем
check-attachment-size = во вложении { $number } { $found } байт, а должно быть { $size }
check-attachment-unreadable = вложение { $number } не читается: { $detail }
open-in-use = { $dir } занят { $pid ->
    [none] другим процессом
   *[other] процессом { $pid }
}
open-newer = { $path } записан более новой версией opora ({ $detail }): запустите её
open-unusable = { $dir } не годится как каталог данных: { $cause }; создайте его и отдайте пользователю, под которым работает opora, или назовите другой через --data
open-no-desk = { $dir } — не каталог данных (в нём нет файла `format`): назовите тот, с которым работает `opora serve --data`
open-format = { $path }: { $detail }; верните его из резервной копии
open-damaged = ревизия { $revision } повреждена или пропала, в { $path }: { $detail }; ничего не изменено: запустите `opora check`, затем верните этот файл из резервной копии; `opora serve --degraded` до тех пор покажет то, что цело
open-behind = { $path } кончается на ревизии { $newest }, а `{ $witness }` рядом говорит, что ревизия { $acknowledged } подтверждена: он старше остальных файлов, или пропали его последние файлы; ничего не изменено: запустите `opora check`, затем верните недостающие файлы или скопируйте каталог заново при остановленном сервере; если копия нужна такой, какая есть, запустите один раз `opora serve --accept-restored`: то, что было позже, тогда потеряно
open-no-journal = { $path }: его нет, или он пуст, а `state` рядом говорит, что журнал был; ничего не изменено: запустите `opora check`, затем верните недостающие файлы или скопируйте каталог заново при остановленном сервере; если копия нужна такой, какая есть, запустите один раз `opora serve --accept-restored`: то, что было в журнале, тогда потеряно
open-unreadable = { $path }: { $detail }; `opora serve --degraded` до тех пор покажет то, что цело
open-short = { $path }: машине не хватает потоков, памяти или открытых файлов ({ $detail }); ничего не изменено: поднимите предел (`ulimit -u`, `ulimit -n`, pids и memory контейнера) и запустите снова
open-view = { $path }: { $detail }
open-io = { $path }: { $cause }
hint-check-lost = Утраченное здесь не восстановить: верните названный файл из копии.
hint-check-repair = Запустите ещё раз с --repair, чтобы исправить, что можно.
attach-unfinished = { $file } отправлен не полностью: на сервере байт: { $size }. Повторите ту же команду.
attach-part = Приложено: { $sent }. Ещё нет: { $rest }. Та же команда ещё раз ничего не отправит дважды.
attach-hash = Полученное не совпадает с контрольной суммой, ничего не сохранено. Скачайте ещё раз.
attach-taken = { $path } уже есть и не изменён. Другое место: --to ПУТЬ; заменить: --force
attach-directory = { $path } — каталог. Укажите файл в нём: --to { $path }/ИМЯ
attach-no-directory = { $path } — не каталог, а для нескольких файлов нужен каталог. Создайте его или скачивайте по одному.
attach-no-folder = Каталога { $path } нет. Создайте его или укажите другое место.
attach-which-ticket = Чей это файл, { $file }? Укажите запрос или полное имя из списка: opora attach ЗАПРОС --download { $file }
attach-none = У запроса нет файла { $file }. Список файлов: opora attach ЗАПРОС --list
attach-several = Несколько файлов называются { $file }: { $names }. Укажите одно из этих имён.

config-unknown = { $origin }: нет настройки `{ $key }`
config-nearest = ; похоже на `{ $nearest }`
config-wrong = { $origin }: `{ $key }` — { $detail }
config-content = { $path }: файл настроек не читается как TOML: { $detail }
