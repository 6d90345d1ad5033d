-- table demo.app.link: id INT64, what STRING, closed DATE, version BYTES
-- table demo.app_staging.link__RUN: _plimsoll_op STRING, id INT64, what STRING, closed DATE, version BYTES
MERGE `demo.app.link` AS T
USING `demo.app_staging.link__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`, T.`closed` = S.`closed`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `what`, `closed`, `version`) VALUES (S.`id`, S.`what`, S.`closed`, S.`version`)
