-- table demo.app.log: id INT64, what STRING
-- table demo.app_staging.log__RUN: _plimsoll_op STRING, id INT64, what STRING
MERGE `demo.app.log` AS T
USING `demo.app_staging.log__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `what`) VALUES (S.`id`, S.`what`)
