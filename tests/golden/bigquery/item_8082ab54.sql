-- table demo.app.item: id INT64, note STRING, late STRING
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, id INT64, note STRING, late STRING
MERGE `demo.app.item` AS T
USING `demo.app_staging.item__RUN` AS S
ON T.`id` = S.`id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED AND S.`_plimsoll_op` = 'U' THEN UPDATE SET T.`note` = S.`note`, T.`late` = S.`late`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `note`, `late`) VALUES (S.`id`, S.`note`, S.`late`)
WHEN NOT MATCHED BY SOURCE THEN DELETE
