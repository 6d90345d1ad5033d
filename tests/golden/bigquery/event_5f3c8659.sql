-- table demo.app.event: id INT64, at DATE, what STRING
-- table demo.app_staging.event__RUN: _plimsoll_op STRING, id INT64, at DATE, what STRING
MERGE `demo.app.event` AS T
USING (SELECT * FROM `demo.app_staging.event__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `id`, `at`, `what`) = 1) AS S
ON T.`id` = S.`id` AND T.`at` = S.`at` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `at`, `what`) VALUES (S.`id`, S.`at`, S.`what`)
